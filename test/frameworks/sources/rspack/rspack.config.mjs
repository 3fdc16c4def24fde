import { rspack } from '@rspack/core';

export default { mode: 'development', entry: './src/index.mjs', plugins: [new rspack.HtmlRspackPlugin()] };
