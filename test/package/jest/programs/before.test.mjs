import { expect, jest, test } from '@jest/globals';
import { checks } from './story.cjs';

jest.useFakeTimers();
const [seatfile, testing] = [await import('seatfile'), await import('seatfile/testing')];
checks({ test, expect, jest }, { testing, seatfile });
