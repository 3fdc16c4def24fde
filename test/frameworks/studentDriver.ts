// Drives one code-server window as a student: starts one project after the other in a terminal, and stops it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import type { Classroom } from '../../demo/classroom.ts';
import { signalIfThere } from '../../demo/marked.ts';
import { serverOfProcesses } from '../../src/relay/devServers.ts';
import type { DevServerName } from '../../src/relay/devServers.ts';
import type { Target } from '../../src/relay/forward.ts';
import { sniffPort } from '../../src/relay/sniffPort.ts';
import { findTarget } from '../../src/relay/target.ts';
import { listenersOf } from '../../src/shell/listeners.ts';
import { descendants } from '../../src/shell/processes.ts';
import { waitUntilGone } from '../code-server/cloudflare.ts';
import { live, stopped } from '../code-server/life.ts';
import { shellsOf, waitForProcesses } from '../code-server/studentProcesses.ts';
import type { Session } from '../code-server/withCodeServer.ts';
import { expectSoon } from '../code-server/waiting.ts';
import type { Terminal, Workbench } from '../code-server/workbench.ts';
import type { Project } from './project.ts';

/** The first start of a big tool compiles its dependencies. Milliseconds. */
const startLimit = 180_000;

/** No tool may open a browser over the window, and a prompt with a long path would wrap the command behind it. */
const commonVariables = { BROWSER: 'none', PROMPT_DIRTRIM: '1' };

/** A terminal in which a command was typed, and its shell. */
export interface Started {
  readonly terminal: Terminal;
  readonly shellPid: number;
}

export class StudentDriver {
  readonly #class: Session;
  #window: Workbench;

  private constructor(of: Session, window: Workbench) {
    this.#class = of;
    this.#window = window;
  }

  static async open(of: Session): Promise<StudentDriver> {
    return new StudentDriver(of, await of.openWindow());
  }

  get classroom(): Classroom {
    return this.#class.classroom;
  }
  /** The student's own browser. */
  get context(): BrowserContext {
    return this.#class.context;
  }

  /** Opens a terminal, changes to the project's folder, and types its command. */
  async start(project: Project): Promise<Started> {
    const terminal = await this.#class.openTerminal(this.#window);
    const settings = Object.entries({ ...commonVariables, ...project.variables })
      .map(([name, value]) => `export ${name}='${value}'\n`)
      .join('');
    await writeFile(
      join(this.classroom.codeServer.home, project.name),
      `cd -P '${project.folder}'\nexport PATH='${project.nodeFolder}':"$PATH"\n${settings}echo ready-to-start\n`,
    );
    await this.#type(terminal, project);
    const restarted = 'the terminal restarted';
    const answer = new RegExp(`${restarted}|${this.classroom.hostname}`);
    await this.#window.waitForStatus(answer, startLimit);
    // VS Code may replace a new terminal's shell. A student who is told so types everything again.
    if ((await this.#window.status()).includes(restarted)) await this.#type(terminal, project);
    const [shell] = await waitForProcesses(shellsOf, this.classroom, 1);
    return { terminal, shellPid: shell?.pid ?? 0 };
  }

  async #type(terminal: Terminal, project: Project): Promise<void> {
    await expectSoon(async () => {
      await terminal.type(`. ~/${project.name}`);
      await terminal.showing('ready-to-start').waitFor({ timeout: 8_000 });
    }, 'the shell to read the settings');
    await terminal.type(project.command);
  }

  /** Waits until the status bar shows the hostname, whether or not the server runs. */
  untilPublic(): Promise<void> {
    return this.#window.waitForStatus(this.classroom.hostname);
  }

  /** Waits until the status bar says that the site is live. @throws with the status bar's text and the terminal's */
  async untilLive({ terminal }: Started): Promise<void> {
    await this.#window.waitForStatus(live(this.classroom), startLimit).catch(async () => {
      throw new Error(`it is not live: "${await this.#window.status()}"; the terminal shows\n${await terminal.text()}`);
    });
  }

  /** Stops the command with Ctrl-C, and waits until the status bar says so. */
  async stop({ terminal }: Started): Promise<void> {
    await terminal.interrupt();
    await this.#window.waitForStatus(stopped(this.classroom));
  }

  /** Exits the terminal. If that fails, kills its processes and closes the window, so that nothing is left for the next project. */
  async clear(): Promise<void> {
    try {
      const terminal = await this.#window.activeTerminal();
      await terminal?.type('exit');
      await this.#window.waitForStatus('Not public');
      await waitForProcesses(shellsOf, this.classroom, 0);
    } catch (error) {
      await this.#window.close();
      for (const shell of await shellsOf(this.classroom)) {
        for (const { pid } of [...descendants(shell.pid), shell]) signalIfThere(pid, 'SIGKILL');
      }
      this.#window = await this.#class.openWindow();
      throw error;
    } finally {
      await waitUntilGone(this.classroom);
    }
  }
}

/** The place where the server of a terminal listens, and its name if that is known. */
export async function findServer(
  { shellPid }: Started,
  assignedPort: number,
): Promise<{ target: Target; server: DevServerName | undefined }> {
  const tree = descendants(shellPid);
  const target = await findTarget(listenersOf(tree.map(({ pid }) => pid)), assignedPort, sniffPort);
  if (target === undefined) throw new Error('the status bar says live, but nothing listens');
  return { target, server: serverOfProcesses(tree) };
}
