// The dev servers that are known by name, and how to know one from the processes of its `npm run dev`.

/** What a person calls it, for messages. */
export type DevServerName =
  | 'Vite'
  | 'Next.js'
  | 'Create React App'
  | 'webpack-dev-server'
  | 'Angular'
  | 'Nuxt'
  | 'Astro'
  | 'React Router'
  | 'Parcel';

/** Some give themselves a title (`webpack`, `next-server (v16)`, `ng serve (app)`), the others are a script that node runs. */
const SIGNS: readonly (readonly [DevServerName, RegExp])[] = [
  ['Create React App', /\/react-scripts(\/scripts\/start\.js| start)\b/],
  [
    'webpack-dev-server',
    /^webpack$|\/webpack(-cli)?(\.js)? (serve|server|s)\b|\/webpack-dev-server(\.js)?( |$)|\/vue-cli-service(\.js)? serve\b/,
  ],
  ['Next.js', /^next-server\b|\/next( dev)?$|\/next dev\b/],
  ['Angular', /^ng (serve|s|dev)\b|\/ng(\.js)? (serve|s|dev)\b/],
  ['Nuxt', /\/nux[ti](\.mjs)?( dev\b|$)/],
  ['Astro', /\/astro(\.m?js)? dev\b/],
  ['React Router', /\/react-router(\.js)? dev\b/],
  ['Vite', /\/vite(\.js)?( dev| serve|$| -| \.)/],
  ['Parcel', /\/parcel(\.js)?( |$)/],
];

/** The first that one of these processes is, undefined for a server of one's own (Express, node:http, …). */
export function nameServer(processes: readonly { readonly argv: readonly string[] }[]): DevServerName | undefined {
  const lines = processes.map(({ argv }) => argv.join(' ').trim());
  return SIGNS.find(([, sign]) => lines.some((line) => sign.test(line)))?.[0];
}

export function isDevServerName(name: unknown): name is DevServerName {
  return SIGNS.some(([known]) => known === name);
}
