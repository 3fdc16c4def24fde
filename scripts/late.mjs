// What the start of the command leaves for later, though all of it is in its one file: parsing and loading are most of a start.
import { basename, relative } from 'node:path';
import { build } from 'esbuild';

/**
 * An esbuild plugin. A module that is imported by a name that matches `names` is bundled by itself, put in as text, and parsed
 * when it is first imported, which should be by a dynamic import. It shares nothing with the rest: it may import packages only.
 * @param {RegExp} names
 * @param {import('esbuild').BuildOptions} options what to bundle them with
 * @returns {import('esbuild').Plugin}
 */
export const lateModules = (names, options) => ({
  name: 'late modules',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: names }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'resolved') return undefined;
      const { path: file, errors, warnings } = await resolve(path, { resolveDir, kind, pluginData: 'resolved' });
      // What esbuild is to take for CommonJS must be called so; what is shipped names no folder of this machine.
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

/**
 * An esbuild plugin. Built-in modules of node's that match `builtins` are loaded when something of theirs is first used.
 * @param {RegExp} builtins
 * @returns {import('esbuild').Plugin}
 */
export const lateBuiltins = (builtins) => ({
  name: 'late built-ins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: builtins }, ({ path, namespace }) =>
      namespace === 'late built-in' ? undefined : { path, namespace: 'late built-in' },
    );
    onLoad({ filter: /./, namespace: 'late built-in' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default');
      return {
        contents: `for (const name of ${JSON.stringify(names)}) {
          Object.defineProperty(exports, name, { enumerable: true, get: () => require(${JSON.stringify(path)})[name] });
        }`,
        loader: 'js',
      };
    });
  },
});
