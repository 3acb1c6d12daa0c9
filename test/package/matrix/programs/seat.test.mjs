// For vitest, as it comes.
import { openLicence } from 'seatfile';
import { expect, test } from 'vitest';
import { seatStory } from './seat-story.cjs';

seatStory({ test, expect }, { openLicence });
