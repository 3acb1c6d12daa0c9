import type { Scenario } from '../rig.js';
import { conformance } from './conformance.js';
import { fault } from './faults.js';
import { hammer } from './hammer.js';
import { hung } from './hung.js';
import { seats, users } from './seats.js';
import { visibility } from './visibility.js';

export const scenarios: readonly Scenario[] = [conformance, hammer, seats, users, visibility, fault, hung];
