/** `npm start` runs this after its set-up: starts the demo and says what to do next. */
import { parseArgs } from 'node:util';
import { startClassroom, STUDENT } from './classroom.ts';
import type { Classroom } from './classroom.ts';

export interface DemoOptions {
  readonly json: boolean;
  /** The port of code-server; any free one when undefined. */
  readonly port: number | undefined;
}

export const USAGE = `Usage: npm start [-- --json] [-- --port N]
  --json     print one line {"codeServerUrl","apiUrl","edgeUrl","configFile","stateDir"} on stdout when it is ready
  --port N   the port of code-server (default: any free one)
Ends with Ctrl+C or SIGTERM, and leaves nothing behind.`;

/**
 * Reads the arguments of the command line.
 * @throws a TypeError whose message names the wrong argument
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, port: { type: 'string' } },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw new TypeError(`--port takes a port number, not "${String(values.port)}"`);
  return { json: values.json, port };
}

/** The announcement for a person. */
function describe(classroom: Classroom): string {
  return `
A class of one student runs on this machine, with a stand-in for Cloudflare.

  1. Open      ${classroom.codeServer.url}
  2. Open a terminal there (Terminal > New Terminal), and type
                 npm run dev
  3. Click     ${classroom.hostname}   in the status bar: it opens
                 ${classroom.siteUrl}/

The command line, in another shell:
  export CLASSROOM_TUNNEL_CONFIG=${classroom.configFile} CLASSROOM_TUNNEL_USER=${STUDENT}
  node dist/cli.js list

Ctrl+C ends all of it.
`;
}

/** The announcement for a program: one line of JSON. */
const toJson = ({ codeServer, standIn, configFile, stateDir }: Classroom): string =>
  JSON.stringify({
    codeServerUrl: codeServer.url,
    apiUrl: standIn.apiUrl,
    edgeUrl: standIn.edgeUrl,
    configFile,
    stateDir,
  });

/** The text to print when the demo is ready. */
export const announcement = ({ json }: DemoOptions, classroom: Classroom): string =>
  json ? `${toJson(classroom)}\n` : describe(classroom);

/**
 * Starts the demo.
 * @param codeServer the code-server executable
 * @param vsix the packed extension
 */
export function startDemo(
  options: DemoOptions,
  codeServer: string,
  vsix: string,
  signal: AbortSignal,
): Promise<Classroom> {
  return startClassroom({
    codeServer,
    extensions: [vsix],
    signal,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
}
