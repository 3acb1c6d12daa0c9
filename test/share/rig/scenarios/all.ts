import type { Scenario } from '../rig.js';
import { conformance } from './conformance.js';

export const scenarios: readonly Scenario[] = [conformance];
