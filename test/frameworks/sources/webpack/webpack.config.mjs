import HtmlWebpackPlugin from 'html-webpack-plugin';

export default {
  mode: 'development',
  entry: './src/index.mjs',
  plugins: [new HtmlWebpackPlugin({ title: 'Hello' })],
};
