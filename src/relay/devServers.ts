// The dev servers that are known by name: one row for each says all that the relay, the probe and the terminal need to know of it.

/** A WebSocket that a dev server's own script opens in the visitor's browser. */
export interface SocketPlan {
  readonly path: string;
  readonly protocol?: string;
}

/** The line that makes a server accept the site's hostname, and the file of the student's project that it belongs in. */
export interface Fix {
  readonly file: string;
  readonly fix: string;
}

interface DevServerRow {
  /** Its name in messages. */
  readonly name: string;
  /** Matches the command line of one of its processes. Some set a title (`webpack`, `next-server (v16)`, `ng serve (app)`). */
  readonly processes: RegExp;
  /** Its port without PORT; it counts up when that port is taken. */
  readonly port: number;
  /** First and last of the ports on which it listens for something other than the site. */
  readonly portsBeside?: readonly [number, number];
  /** How to know it by its page: the body, or the header X-Powered-By. */
  readonly page?: { readonly body: RegExp; readonly poweredBy?: RegExp };
  /** The WebSockets that its page opens; of several, one exists: the path changed between versions. */
  readonly sockets?: readonly SocketPlan[];
  /** How it refuses a foreign hostname: in the page (with a status from 300 to 499), or in the first data of its WebSocket. */
  readonly refusal?: { readonly page?: RegExp; readonly socket?: RegExp };
  /** It is asked which names it takes (see names.ts), as every server that is not in the table. The others get the local ones. */
  readonly isAsked?: true;
  /** It compares Origin with the scheme of its own socket, whatever X-Forwarded-Proto says. */
  readonly ignoresForwardedScheme?: true;
  /** How to make it accept a hostname. */
  readonly fix: (hostname: string) => Fix;
  /** It writes its own address into a script (see webpackAddress.ts). */
  readonly rewritesScript?: true;
  /** Environment variables that every terminal gets for it. */
  readonly variables?: Readonly<Record<string, string>>;
}

const allowedHosts = (hostname: string): string => `allowedHosts: ['${hostname}']`;

/** In the order of likelihood: of two candidate ports, the one of the earlier row is taken for the site. */
const rows = [
  {
    name: 'Vite',
    processes: /\/vite(\.js)?( dev| serve|$| -| \.)/,
    port: 5173,
    portsBeside: [24_678, 24_690], // its WebSocket in middleware mode
    page: { body: /Blocked request\. This host|["'(][^"'()\s]*\/@vite\/client["')?]/ },
    refusal: { page: /Blocked request\. This host/i },
    fix: (hostname) => ({ file: 'vite.config.js', fix: `server: { ${allowedHosts(hostname)} },` }),
  },
  {
    name: 'Next.js',
    processes: /^next-server\b|\/next( dev)?$|\/next dev\b/,
    port: 3000,
    page: { body: /\/_next\/static\//, poweredBy: /next\.js/i },
    sockets: [{ path: '/_next/hmr' }, { path: '/_next/webpack-hmr' }],
    refusal: { socket: /^Unauthorized/ },
    fix: (hostname) => ({ file: 'next.config.js', fix: `allowedDevOrigins: ['${hostname}'],` }),
  },
  {
    name: 'Create React App',
    processes: /\/react-scripts(\/scripts\/start\.js| start)\b/,
    port: 3000,
    sockets: [{ path: '/ws' }],
    fix: () => ({ file: '.env', fix: 'DANGEROUSLY_DISABLE_HOST_CHECK=true' }),
    rewritesScript: true,
    variables: { WDS_SOCKET_PORT: '0' }, // its page opens the WebSocket at the port of the page
  },
  {
    name: 'Nuxt',
    processes: /\/nux[ti](\.mjs)?( dev\b|$)/,
    port: 3000,
    fix: (hostname) => ({ file: 'nuxt.config.ts', fix: `vite: { server: { ${allowedHosts(hostname)} } },` }),
  },
  {
    name: 'Angular',
    processes: /^ng (serve|s|dev)\b|\/ng(\.js)? (serve|s|dev)\b/,
    port: 4200,
    refusal: { page: /URL with hostname .* is not allowed/i },
    fix: (hostname) => ({ file: 'angular.json, at "serve" › "options"', fix: `"allowedHosts": ["${hostname}"]` }),
    rewritesScript: true,
  },
  {
    name: 'Astro',
    processes: /\/astro(\.m?js)? dev\b/,
    port: 4321,
    fix: (hostname) => ({ file: 'astro.config.mjs', fix: `server: { ${allowedHosts(hostname)} },` }),
  },
  {
    name: 'webpack-dev-server',
    processes:
      /^webpack$|\/webpack(-cli)?(\.js)? (serve|server|s)\b|\/webpack-dev-server(\.js)?( |$)|\/vue-cli-service(\.js)? serve\b/,
    port: 8080,
    page: { body: /^\s*Invalid Host header\s*$/ },
    sockets: [{ path: '/ws' }],
    refusal: { page: /Invalid Host header/i, socket: /Invalid Host\/Origin header/ },
    fix: (hostname) => ({
      file: 'webpack.config.js',
      fix: `devServer: { ${allowedHosts(hostname)}, client: { webSocketURL: 'auto://0.0.0.0:0/ws' } },`,
    }),
    rewritesScript: true,
  },
  {
    name: 'React Router',
    processes: /\/react-router(\.js)? dev\b/,
    port: 5173,
    fix: (hostname) => ({ file: 'vite.config.js', fix: `server: { ${allowedHosts(hostname)} },` }),
  },
  {
    name: 'Parcel',
    processes: /\/parcel(\.js)?( |$)/,
    port: 1234,
    fix: (hostname) => ({ file: 'package.json', fix: `"start": "parcel --hmr-hostname ${hostname}"` }),
  },
  {
    name: 'Hugo',
    processes: /(^|\/)hugo( server| serve|$)/,
    port: 1313,
    isAsked: true,
    fix: (hostname) => ({ file: 'package.json', fix: `hugo server --baseURL https://${hostname} --appendPort=false` }),
  },
  {
    name: 'Django',
    processes: /\b(manage\.py|django-admin(\.py)?) runserver\b/,
    port: 8000,
    refusal: { page: /DisallowedHost|Invalid HTTP_HOST header/ },
    isAsked: true,
    ignoresForwardedScheme: true,
    fix: (hostname) => ({ file: 'settings.py', fix: `ALLOWED_HOSTS = ['${hostname}', 'localhost']` }),
  },
] as const satisfies readonly DevServerRow[];

export type DevServerName = (typeof rows)[number]['name'];

export const devServers: readonly (DevServerRow & { readonly name: DevServerName })[] = rows;

/**
 * The dev server that one of these processes is.
 * @returns undefined for a server that is not in the table, such as the student's own (Express, node:http, …)
 */
export function serverOfProcesses(
  processes: readonly { readonly argv: readonly string[] }[],
): DevServerName | undefined {
  const lines = processes.map(({ argv }) => argv.join(' ').trim());
  return devServers.find((row) => lines.some((line) => row.processes.test(line)))?.name;
}

/** The row of a server that was named by `serverOfProcesses`. */
export function rowOf(name: DevServerName | undefined): DevServerRow | undefined {
  return devServers.find((row) => row.name === name);
}

export function isDevServerName(name: unknown): name is DevServerName {
  return devServers.some((row) => row.name === name);
}
