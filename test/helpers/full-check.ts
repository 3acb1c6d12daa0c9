import { loadFullCheck } from '../../src/licence/full-check-door.js';
import { loadLockfile } from '../../src/store/lock.js';

/** Where time is simulated, nothing can wait for a module: what is loaded when it is needed is there before. */
await loadFullCheck();
await loadLockfile();
