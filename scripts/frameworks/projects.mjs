// The projects of the matrix, each as its generator makes it, with pinned versions. Where a template is not on npm, the smallest
// project of the tool's documentation stands in (test/frameworks/sources), and a template without a button gets a page with one.
// No configuration is changed.

/**
 * @typedef {object} Project
 * @property {string} name
 * @property {string} version what the cache is keyed by
 * @property {20 | 24} node the oldest of these Node versions that it runs on
 * @property {string[]} [generator] an npm package and its arguments; it makes the folder `app`
 * @property {boolean} [installs] the generator installs the packages too
 * @property {string[]} [sources] folders of test/frameworks/sources that are copied into it; the package.json is in the last, if in any
 * @property {string[]} [remove] files of the template that the sources replace
 * @property {'npm run dev' | 'npm start'} command
 * @property {{file: string, from: string, to: string}} edit an edit while it runs; the page then shows `to`
 * @property {'live' | 'none'} onEdit whether the tool updates an open page after an edit, on the student's own machine
 * @property {boolean} [form] the page has a form that its server handles
 */

const vite = (name, version, template, file, heading = 'Get started', more = ['--no-interactive']) => ({
  name,
  version,
  node: 20,
  generator: [`create-vite@${version}`, 'app', '--template', template, ...more],
  command: 'npm run dev',
  edit: { file, from: `${heading}</h1>`, to: 'Edited</h1>' },
  onEdit: 'live',
});

const fromSources = (name, version, node, file, rest = {}) => ({
  name,
  version,
  node,
  sources: [name],
  command: 'npm run dev',
  edit: { file, from: 'Hello</h1>', to: 'Edited</h1>' },
  onEdit: 'live',
  ...rest,
});

/** A plain page, for tools that serve files unchanged. */
const page = (name, version, node, rest = {}) =>
  fromSources(name, version, node, 'index.html', { sources: ['page', name], ...rest });

/** A script that renders the same page, for bundlers. */
const script = (name, version, node) =>
  fromSources(name, version, node, 'src/show.mjs', {
    sources: ['script', name],
    edit: { file: 'src/show.mjs', from: "'Hello'", to: "'Edited'" },
  });

/** @type {Project[]} */
export const projects = [
  vite('vite-react', '9.3.0', 'react', 'src/App.jsx'),
  vite('vite-vue', '9.3.0', 'vue', 'src/components/HelloWorld.vue'),
  vite('vite-svelte', '9.3.0', 'svelte', 'src/App.svelte'),
  fromSources('next', '16.4.3', 20, 'app/page.jsx', {
    generator: [
      'create-next-app@16.4.3',
      'app',
      '--yes',
      '--js',
      '--app',
      '--no-src-dir',
      '--skip-install',
      '--disable-git',
      '--no-agents-md',
    ],
    remove: ['app/page.js'],
    form: true,
  }),
  fromSources('cra', '5.1.0', 20, 'src/App.jsx', {
    generator: ['create-react-app@5.1.0', 'app'],
    installs: true,
    remove: ['src/App.js'],
    command: 'npm start',
  }),
  script('webpack', '5.2.7', 20),
  fromSources('angular', '22.2.7', 24, 'src/app/app.html', {
    generator: [
      '@angular/cli@22.2.7',
      'new',
      'app',
      '--defaults',
      '--skip-install',
      '--skip-git',
      '--style',
      'css',
      '--ssr',
      'false',
      '--ai-config',
      'none',
    ],
    command: 'npm start',
  }),
  fromSources('nuxt', '4.5.2', 24, 'app/app.vue'),
  fromSources('astro', '7.3.5', 24, 'src/pages/index.astro'),
  fromSources('sveltekit', '0.17.1', 24, 'src/routes/+page.svelte', {
    generator: [
      'sv@0.17.1',
      'create',
      'app',
      '--template',
      'minimal',
      '--types',
      'jsdoc',
      '--no-add-ons',
      '--no-install',
    ],
    form: true,
  }),
  fromSources('react-router', '8.4.0', 24, 'app/home.jsx', { form: true }),
  page('parcel', '2.16.4', 20, { command: 'npm start' }),
  page('express', '5.3.0', 20, { onEdit: 'none' }),
  page('node-http', '1', 20, { onEdit: 'none' }),
  script('rsbuild', '2.3.2', 24),
  script('rspack', '2.2.8', 24),
  fromSources('vue-cli', '5.0.9', 20, 'src/App.vue'),
  fromSources('docusaurus', '3.10.2', 24, 'src/pages/index.jsx'),
  fromSources('vitepress', '1.6.4', 20, 'index.md'),
  page('live-server', '1.2.2', 20),
  page('browser-sync', '3.0.4', 20),
  page('eleventy', '3.1.8', 20),
  page('web-dev-server', '1.0.0', 24),
  page('bun', '1.4.5', 20),
  vite('vite-4', '4.4.1', 'react', 'src/App.jsx', 'Vite + React', []),
  vite('vite-5', '5.5.5', 'react', 'src/App.jsx', 'Vite + React', []),
  vite('vite-6', '6.5.0', 'react', 'src/App.jsx', 'Vite + React', []),
];
