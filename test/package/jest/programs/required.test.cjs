const { checks } = require('./story.cjs');

jest.useFakeTimers(); // Jest gives `jest`, `test` and `expect` to a file that is not a module
checks({ test, expect, jest }, { testing: require('seatfile/testing'), seatfile: require('seatfile') });
