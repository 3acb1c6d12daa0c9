const seatfile = require('seatfile');
const schema = require('seatfile/schema.json');
const { name } = require('seatfile/package.json');

console.log(JSON.stringify({ name, exports: Object.keys(seatfile).sort(), schema: schema.title }));
