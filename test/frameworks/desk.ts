// Where the student sits: one code-server window, in which one project after the other is started in a terminal and stopped.
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
import type { Terminal, Workbench } from '../code-server/workbench.ts';
import type { Project } from './project.ts';

/** The first start of a big tool compiles for a while. Milliseconds. */
const START_LIMIT = 180_000;

/** A tool that opens a browser would open it over the window, and a prompt with a long path would wrap what is typed behind it. */
const COMMON = { BROWSER: 'none', PROMPT_DIRTRIM: '1' };

/** A command that was typed, and the processes under its terminal. */
export interface Started {
  readonly terminal: Terminal;
  readonly shellPid: number;
}

export class Desk {
  readonly #class: Session;
  #window: Workbench;

  private constructor(of: Session, window: Workbench) {
    this.#class = of;
    this.#window = window;
  }

  static async open(of: Session): Promise<Desk> {
    return new Desk(of, await of.openWindow());
  }

  get classroom(): Classroom {
    return this.#class.classroom;
  }
  /** The student's own browser. */
  get context(): BrowserContext {
    return this.#class.context;
  }

  /** Opens a terminal, goes into the project's folder, and types its command. */
  async start(project: Project): Promise<Started> {
    const terminal = await this.#class.openTerminal(this.#window);
    const [shell] = await waitForProcesses(shellsOf, this.classroom, 1);
    const settings = Object.entries({ ...COMMON, ...project.variables })
      .map(([name, value]) => `export ${name}='${value}'\n`)
      .join('');
    await writeFile(
      join(this.classroom.codeServer.home, project.name),
      `cd -P '${project.folder}'\nexport PATH='${project.nodeFolder}':"$PATH"\n${settings}`,
    );
    await terminal.type(`. ~/${project.name}`);
    await terminal.type(project.command);
    return { terminal, shellPid: shell?.pid ?? 0 };
  }

  /** Waits until the status bar names the site, whether its server runs already or not. */
  untilPublic(): Promise<void> {
    return this.#window.waitForStatus(this.classroom.hostname);
  }

  /** Waits until the status bar says that the site is live. @throws what it says instead, and what the terminal shows */
  async untilLive({ terminal }: Started): Promise<void> {
    await this.#window.waitForStatus(live(this.classroom), START_LIMIT).catch(async () => {
      throw new Error(`it is not live: "${await this.#window.status()}"; the terminal shows\n${await terminal.text()}`);
    });
  }

  /** Stops the command with Ctrl-C, and waits until the status bar says so. */
  async stop({ terminal }: Started): Promise<void> {
    await terminal.interrupt();
    await this.#window.waitForStatus(stopped(this.classroom));
  }

  /** Leaves the terminal, so that the next project finds nothing of this one; what does not go is ended by force, with its window. */
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

/** Where the processes under a terminal listen, and what their server is called. */
export async function lookAt(
  { shellPid }: Started,
  assignedPort: number,
): Promise<{ target: Target; server: DevServerName | undefined }> {
  const tree = descendants(shellPid);
  const target = await findTarget(listenersOf(tree.map(({ pid }) => pid)), assignedPort, sniffPort);
  if (target === undefined) throw new Error('the status bar says live, but nothing listens');
  return { target, server: serverOfProcesses(tree) };
}
