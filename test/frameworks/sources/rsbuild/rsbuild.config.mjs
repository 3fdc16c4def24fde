export default { source: { entry: { index: './src/index.mjs' } } };
