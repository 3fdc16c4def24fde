// The projects of the matrix: each as its generator makes it, at the newest version of its line, with its versions pinned here.
// A generator whose template comes from elsewhere than npm is replaced by the smallest project that its documentation describes
// (test/frameworks/sources); a template without a button gets a page of ours, as a student would write one. No configuration is changed.

/**
 * @typedef {object} Project
 * @property {string} name
 * @property {string} version what the cache is keyed by
 * @property {20 | 24} node the oldest Node that it runs on, of the two that a class has
 * @property {string[]} [generator] an npm package and its arguments; it makes the folder `app`
 * @property {boolean} [installs] the generator installs the packages by itself
 * @property {string[]} [sources] folders in test/frameworks/sources that are laid over it, the last with the package.json if any has one
 * @property {string[]} [remove] files of the template that ours stand in for
 * @property {'npm run dev' | 'npm start'} command
 * @property {{file: string, from: string, to: string}} edit what the student changes while it runs; `to` is then to be read on the page
 * @property {'live' | 'none'} onEdit whether the tool brings an edit to an open page on the student's own machine
 * @property {boolean} [form] the page has a form that its server answers
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

const ours = (name, version, node, file, rest = {}) => ({
  name,
  version,
  node,
  sources: [name],
  command: 'npm run dev',
  edit: { file, from: 'Hello</h1>', to: 'Edited</h1>' },
  onEdit: 'live',
  ...rest,
});

/** Nothing but a page, which tools without a framework serve as it is. */
const page = (name, version, node, rest = {}) =>
  ours(name, version, node, 'index.html', { sources: ['page', name], ...rest });

/** A script that draws the same page, for bundlers. */
const script = (name, version, node) =>
  ours(name, version, node, 'src/show.mjs', {
    sources: ['script', name],
    edit: { file: 'src/show.mjs', from: "'Hello'", to: "'Edited'" },
  });

/** @type {Project[]} */
export const projects = [
  vite('vite-react', '9.3.0', 'react', 'src/App.jsx'),
  vite('vite-vue', '9.3.0', 'vue', 'src/components/HelloWorld.vue'),
  vite('vite-svelte', '9.3.0', 'svelte', 'src/App.svelte'),
  ours('next', '16.4.3', 20, 'app/page.jsx', {
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
  ours('cra', '5.1.0', 20, 'src/App.jsx', {
    generator: ['create-react-app@5.1.0', 'app'],
    installs: true,
    remove: ['src/App.js'],
    command: 'npm start',
  }),
  script('webpack', '5.2.7', 20),
  ours('angular', '22.2.7', 24, 'src/app/app.html', {
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
  ours('nuxt', '4.5.2', 24, 'app/app.vue'),
  ours('astro', '7.3.5', 24, 'src/pages/index.astro'),
  ours('sveltekit', '0.17.1', 24, 'src/routes/+page.svelte', {
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
  ours('react-router', '8.4.0', 24, 'app/home.jsx', { form: true }),
  page('parcel', '2.16.4', 20, { command: 'npm start' }),
  page('express', '5.3.0', 20, { onEdit: 'none' }),
  page('node-http', '1', 20, { onEdit: 'none' }),
  script('rsbuild', '2.3.2', 24),
  script('rspack', '2.2.8', 24),
  ours('vue-cli', '5.0.9', 20, 'src/App.vue'),
  ours('docusaurus', '3.10.2', 24, 'src/pages/index.jsx'),
  ours('vitepress', '1.6.4', 20, 'index.md'),
  page('live-server', '1.2.2', 20),
  page('browser-sync', '3.0.4', 20),
  page('eleventy', '3.1.8', 20),
  page('web-dev-server', '1.0.0', 24),
  page('bun', '1.4.5', 20),
  vite('vite-4', '4.4.1', 'react', 'src/App.jsx', 'Vite + React', []),
  vite('vite-5', '5.5.5', 'react', 'src/App.jsx', 'Vite + React', []),
  vite('vite-6', '6.5.0', 'react', 'src/App.jsx', 'Vite + React', []),
];
