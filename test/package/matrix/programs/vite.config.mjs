export default {
  ssr: { noExternal: true },
  build: {
    ssr: 'seat.mjs',
    outDir: 'out',
    minify: true,
    rolldownOptions: { output: { entryFileNames: '[name].mjs' } },
  },
};
