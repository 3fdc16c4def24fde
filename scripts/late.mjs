// Leaves parts of the command's one file unparsed until they are imported: parsing is most of its start.
import { basename, relative } from 'node:path';
import { build } from 'esbuild';

/**
 * An esbuild plugin. A module whose name matches `names` is bundled apart, included as text, and parsed when it is first
 * imported, which should be by a dynamic import. It shares nothing with the rest: it may import packages only.
 * @param {RegExp} names
 * @param {import('esbuild').BuildOptions} options for bundling them
 * @returns {import('esbuild').Plugin}
 */
export const lateModules = (names, options) => ({
  name: 'late modules',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: names }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'resolved') return undefined;
      const { path: file, errors, warnings } = await resolve(path, { resolveDir, kind, pluginData: 'resolved' });
      // The suffix tells esbuild that it is CommonJS; the relative path keeps folders of this machine out of the bundle.
      return {
        path: relative('.', file).replace(/\.\w+$/, '.cjs'),
        namespace: 'late module',
        pluginData: file,
        errors,
        warnings,
      };
    });
    onLoad({ filter: /./, namespace: 'late module' }, async ({ path, pluginData: file }) => {
      const {
        outputFiles: [{ text }],
        metafile,
      } = await build({ ...options, entryPoints: [file], write: false, metafile: true, outfile: 'late.cjs' });
      const own = Object.keys(metafile.inputs).filter((input) => !input.includes('node_modules/'));
      if (own.length > 1)
        return {
          errors: [
            {
              text: `${path} is parsed apart from the rest, so it may import packages only; it imports ${own.slice(0, -1).join(', ')}`,
            },
          ],
        };
      const argumentsOf = `${JSON.stringify(text)}, ['module', 'exports', 'require'], { filename: ${JSON.stringify(basename(path))} }`;
      return {
        contents: `require('node:vm').compileFunction(${argumentsOf})(module, exports, require);`,
        loader: 'js',
      };
    });
  },
});
