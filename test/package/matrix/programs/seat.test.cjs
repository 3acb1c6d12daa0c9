// For Jest, as it comes: CommonJS, no flags.
const { seatStory } = require('./seat-story.cjs');

seatStory({ test, expect }, require('seatfile'));
