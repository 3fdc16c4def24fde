// Reads what runs for a site: its processes, their listeners, and the program that holds its port.
import { homedir } from 'node:os';
import { serverOfProcesses } from '../../relay/devServers.ts';
import type { Target } from '../../relay/forward.ts';
import { projectRoot } from '../../relay/projectRoot.ts';
import { reloadPorts } from '../../relay/reload.ts';
import { candidateTargets } from '../../relay/target.ts';
import { isAncestor } from '../../shell/endProgram.ts';
import { listeners, listenersOf } from '../../shell/listeners.ts';
import { ageOf, idOf } from '../../shell/processIds.ts';
import { readProcess, workingFolder } from '../../shell/processes.ts';
import { processesOf } from '../../shell/otherServers.ts';
import { treeOf } from '../../shell/terminalProcesses.ts';
import { chosenRun, type Holder, type Site } from '../site/siteState.ts';
import type { PortListeners } from './readinessEvents.ts';

/** Longer command lines are cut. Characters. */
const maxCommand = 80;

export function describeHolder(pid: number): Holder {
  const found = readProcess(pid);
  const command = (found?.argv ?? []).join(' ').trim().slice(0, maxCommand);
  return { ...(found && !isAncestor(pid, process.pid) && { process: idOf(found) }), command };
}

/** Seconds in which all servers of one command usually listen. */
const youth = 10;

/** Whether another server may soon listen beside an API: a young command runs several programs. */
export function mayGrow(site: Site, pids: readonly number[]): boolean {
  const started = [...site.runs.values()].flatMap(({ running, process }) => (running && process ? ageOf(process) : []));
  if (site.kind !== 'waiting' || !started.some((age) => age < youth)) return false;
  const processes = pids.flatMap((pid) => readProcess(pid) ?? []);
  const parents = new Set(processes.map(({ ppid }) => ppid));
  return processes.filter(({ pid }) => !parents.has(pid)).length > 1;
}

/** The parts of a target that say which server it is, beside its place; and the server's working folder. */
export function knownServer(
  { pids = [], own }: PortListeners,
  { port }: Target,
): Pick<Target, 'server' | 'root' | 'beside'> & { readonly folder?: string } {
  const beside = reloadPorts(own);
  const server = serverOfProcesses(pids.flatMap((pid) => readProcess(pid) ?? []));
  const pid = pids.find((candidate) => listenersOf([candidate]).some((listener) => listener.port === port));
  const folder = pid === undefined ? undefined : workingFolder(pid);
  return {
    ...(server && { server }),
    ...(folder !== undefined && { root: projectRoot(folder, homedir()), folder }),
    ...(beside.length > 0 && { beside }),
  };
}

/** The listeners on a site's port, and those of its commands: of the one that the student chose, else of all. */
export function findListeners(site: Site, port: number): PortListeners {
  const onPort = listeners().filter((listener) => listener.port === port);
  const pids = processesOfSite(site);
  const others = onPort.length === 0 ? [] : [...site.runs.keys()].flatMap((shell) => treeOf(shell));
  return {
    onPort,
    own: listenersOf(pids),
    beside: listenersOf(others).filter((listener) => listener.port === port),
    pids,
  };
}

function processesOfSite(site: Site): number[] {
  const chosen = chosenRun(site);
  if (chosen) return processesOf(chosen.process);
  const tops = [...site.runs].flatMap(([shell, { running, process }]) => process ?? (running ? shell : []));
  return [...new Set(tops.flatMap((id) => treeOf(id)))];
}

/** The ports that may be a site, for each command that runs in a terminal of its own. */
export function portsOfCommands(site: Site): number[][] {
  const processes = [...site.runs.values()].flatMap(({ running, process }) => (running ? (process ?? []) : []));
  if (processes.length < 2) return [];
  return processes.map((process) => candidateTargets(listenersOf(processesOf(process))).map(({ port }) => port));
}
