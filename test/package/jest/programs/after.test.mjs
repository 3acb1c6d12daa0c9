import { expect, jest, test } from '@jest/globals';
import * as seatfile from 'seatfile';
import * as testing from 'seatfile/testing';
import { checks } from './story.cjs';

jest.useFakeTimers(); // after the package was loaded
checks({ test, expect, jest }, { testing, seatfile });
