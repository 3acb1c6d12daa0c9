// Bundles the program with webpack: node webpack.cjs cjs|module
const webpack = require('webpack');

const isModule = process.argv[2] === 'module';
const output = isModule
  ? { filename: 'seat.mjs', chunkFilename: '[id].mjs', module: true, chunkFormat: 'module' }
  : { filename: 'seat.cjs', chunkFilename: '[id].cjs' };
const config = {
  mode: 'production',
  target: 'node20',
  entry: isModule ? './seat.mjs' : './seat.cjs',
  experiments: { outputModule: isModule },
  output: { path: `${__dirname}/out`, ...output },
};

webpack(config, (error, stats) => {
  const isBad = error !== null || stats.hasErrors();
  if (isBad) console.error(error ?? stats.toString());
  process.exitCode = isBad ? 1 : 0;
});
