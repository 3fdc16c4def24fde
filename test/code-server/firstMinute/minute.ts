/** One first minute from the opened window to the visitor's page, in an account and a browser that were never used. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Classroom } from '../../../demo/classroom.ts';
import { visit } from '../cloudflare.ts';
import { live } from '../life.ts';
import { expectSoon, waitFor } from '../waiting.ts';
import { withCodeServer } from '../withCodeServer.ts';
import type { SessionOptions } from '../withCodeServer.ts';
import type { Workbench } from '../workbench.ts';
import type { FirstMinute, Shell } from './cases.ts';
import { openFor, runServer } from './steps.ts';

/** How long a student is ready to wait. */
const LIVE_MILLISECONDS = 20_000;
/** Then they look at the terminal. */
const TYPE_AGAIN_MILLISECONDS = 6_000;
const CORES = 2;

const tasksFile = {
  version: '2.0.0',
  tasks: [
    {
      label: 'dev',
      type: 'shell',
      command: 'npm run dev',
      group: { kind: 'build', isDefault: true },
      problemMatcher: [],
    },
  ],
};

/** The start-up file of each shell, and the line in it that sets a short prompt that the tests know. */
const startUpFiles = {
  bash: { file: '.bashrc', prompt: "PS1='student1:\\w$ '", port: (port: number) => `export PORT=${port}` },
  zsh: { file: '.zshrc', prompt: "PS1='student1:%~$ '", port: (port: number) => `export PORT=${port}` },
  fish: {
    file: '.config/fish/config.fish',
    prompt: "function fish_prompt; echo -n 'student1:'(prompt_pwd)'$ '; end",
    port: (port: number) => `set -gx PORT ${port}`,
  },
} as const satisfies Record<Shell, { file: string; prompt: string; port: (port: number) => string }>;

function sessionOptions({ trust, shell, port }: FirstMinute): SessionOptions {
  return {
    flags: trust === 'off' ? ['--disable-workspace-trust'] : [],
    environment: { SHELL: `/usr/bin/${shell}` },
    configuration: port === 'configuration' ? {} : { ports: undefined },
  };
}

/** Writes what the student's account has before the first minute. */
async function furnish({ shell, port, opening }: FirstMinute, classroom: Classroom): Promise<void> {
  const { file, prompt, port: exportPort } = startUpFiles[shell];
  const path = join(classroom.codeServer.home, file);
  const lines = [prompt, ...(port === 'startUpFile' ? [exportPort(classroom.port)] : [])];
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${lines.join('\n')}\n`);
  if (opening !== 'task') return;
  await mkdir(join(classroom.folder, '.vscode'));
  await writeFile(join(classroom.folder, '.vscode/tasks.json'), JSON.stringify(tasksFile));
}

/** Keeps all processor cores busy until it is told to stop. */
function keepBusy(): () => void {
  const loops = Array.from({ length: CORES }, () => spawn(process.execPath, ['--eval', 'for (;;);']));
  return () => {
    for (const loop of loops) loop.kill();
  };
}

/**
 * Lives through one first minute.
 * @returns seconds from the last key to "live" in the status bar
 * @throws an Error that says what the student saw where the site is not live or a visitor does not get its page
 */
export function firstMinute(one: FirstMinute, title: string): Promise<number> {
  const stop = one.busy ? keepBusy() : () => undefined;
  let seconds = 0;
  const run = withCodeServer(
    title,
    async ({ classroom, context }) => {
      await furnish(one, classroom);
      const window = await openFor(one, context, classroom.codeServer.url);
      const line = one.port === 'byHand' ? `PORT=${classroom.port} npm run dev` : 'npm run dev';
      const typed = await runServer(one, window, { classroom, line });
      const began = performance.now();
      await expectSoon(
        async () => {
          // VS Code may replace a new terminal's shell at the moment of Enter. A student who sees an empty prompt types again.
          if (await typed?.isEmpty()) await typed?.type(line);
          await window.waitForStatus(live(classroom), TYPE_AGAIN_MILLISECONDS);
        },
        'the site to go live',
        LIVE_MILLISECONDS,
      ).catch(async () => {
        throw new Error(await seen(window, classroom));
      });
      seconds = (performance.now() - began) / 1_000;
      await waitFor(async () => /Hello from/.test((await visit(classroom)).body), 'the page that a visitor gets');
    },
    sessionOptions(one),
  );
  return run.finally(stop).then(() => seconds);
}

/** Describes what the student sees (status bar, notifications, terminal), and adds the extension's log. */
async function seen(window: Workbench, { codeServer }: Classroom): Promise<string> {
  const status = await window.status();
  const notifications = await window.notification('').allInnerTexts();
  const terminal = await (await window.activeTerminal())?.text();
  const logs = (await readdir(codeServer.logs, { recursive: true, withFileTypes: true })).filter(
    ({ name }) => name === 'Classroom Tunnel.log',
  );
  const log = await Promise.all(logs.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')));
  return [
    `not live; the status bar says "${status}"; notifications: ${JSON.stringify(notifications.map((text) => text.replaceAll(/\s+/g, ' ')))}`,
    `the terminal shows:\n${terminal ?? '(no terminal)'}`,
    `the extension's log:\n${log.join('')}`,
  ].join('\n');
}
