// The status of a window's sites for the teacher: a small file beside each relay socket, which `list` reads.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { titleOf } from '../../messages/messages.ts';
import { inEnglish, textOf, type Text } from '../../messages/texts.ts';
import { serverOfProcesses } from '../../relay/devServers.ts';
import { parseId, type ProcessId } from '../../shell/processIds.ts';
import { descendants, readProcess } from '../../shell/processes.ts';
import type { InfoCache } from '../cli/info.ts';
import type { Relays } from '../server/relays.ts';
import { leaseOf, type Site } from '../site/siteState.ts';
import type { WindowState } from '../site/windowState.ts';
import type { SiteStatus, VisitorNumbers } from './classList.ts';

/** The state of a site for the teacher; undefined if it is not public. Pure. */
export function statusOf(site: Site, server: string | undefined, visitors?: VisitorNumbers): SiteStatus | undefined {
  if (leaseOf(site) === undefined) return undefined;
  const reason = reasonOf(site);
  return { state: site.kind, server, problem: reason && inEnglish(reason), reason, visitors };
}

function reasonOf(site: Site): Text | undefined {
  if (site.kind === 'failed') return titleOf(site.problem);
  if (site.kind !== 'waiting') return undefined;
  const { refusal, foreign, heldBy, elsewhere, unreachable } = site;
  if (refusal) return textOf('{server} refuses visitors', { server: refusal.server });
  if (foreign) return textOf('another account has the port');
  if (heldBy) return textOf('an earlier server has the port');
  if (elsewhere !== undefined) return textOf('the server listens on port {elsewhere}', { elsewhere });
  return unreachable === undefined
    ? undefined
    : textOf('the server listens on {address} alone', { address: unreachable });
}

/** Writes the files of one window when a state or the visitors change. A file that cannot be written is left out. */
export class SiteStatusFiles {
  readonly #info: Pick<InfoCache, 'current'>;
  readonly #relays: Pick<Relays, 'visitorsOf'>;
  readonly #written = new Map<number, string>();
  readonly #servers = new Map<ProcessId, string | undefined>();

  /** @param info has the folder of the student's relay sockets */
  constructor(info: Pick<InfoCache, 'current'>, relays: Pick<Relays, 'visitorsOf'>) {
    this.#info = info;
    this.#relays = relays;
  }

  save({ sites }: WindowState): void {
    const folder = this.#info.current?.socketFolder;
    if (!folder) return;
    for (const port of this.#written.keys()) if (!sites.has(port)) this.#write(folder, port, undefined);
    for (const [port, site] of sites) {
      const { now, inAll } = this.#relays.visitorsOf(port);
      this.#write(folder, port, statusOf(site, this.#serverOf(site), { now, inAll }));
    }
  }

  #write(folder: string, port: number, status: SiteStatus | undefined): void {
    const text = status && `${JSON.stringify(status)}\n`;
    if (text === this.#written.get(port)) return;
    const file = join(folder, `${port}.json`);
    try {
      if (text === undefined) rmSync(file, { force: true });
      else {
        writeFileSync(`${file}.new`, text, { mode: 0o644 });
        renameSync(`${file}.new`, file);
      }
    } catch {
      return; // the folder is there once the relay is
    }
    if (text === undefined) this.#written.delete(port);
    else this.#written.set(port, text);
  }

  /** The name of the dev server once its site has been live: it has started all its processes by then. */
  #serverOf(site: Site): string | undefined {
    const process = [...site.runs.values()].find(({ running }) => running)?.process;
    if (process === undefined) return undefined;
    if (site.kind === 'live' && !this.#servers.has(process)) {
      const { pid } = parseId(process);
      const own = readProcess(pid);
      this.#servers.set(process, serverOfProcesses([...(own ? [own] : []), ...descendants(pid)]));
    }
    return this.#servers.get(process);
  }
}
