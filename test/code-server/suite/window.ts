/** The window as its extension host sees it: terminals, the extension's state, and the state of Cloudflare's stand-in. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { Summary, TestApi } from '../../../src/vscode/testApi.ts';
import { waitFor } from '../waiting.ts';

export const ID = 'classroom-tunnel.classroom-tunnel';
const PATIENCE_MILLISECONDS = 25_000;

/** Activates the extension and returns its test interface. */
export async function activated(): Promise<TestApi> {
  const extension = vscode.extensions.getExtension<TestApi>(ID);
  assert.ok(extension, 'the extension is not installed');
  return extension.activate();
}

/** Waits for a state of the window, by its events. */
export function waitForState(api: TestApi, kind: Summary['kind']): Promise<Summary> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      following.dispose();
      end();
    };
    const look = (state: Summary): void => {
      if (state.kind === kind) settle(() => resolve(state));
    };
    const timer = setTimeout(
      () => settle(() => reject(new Error(`Waited in vain for ${kind}; the state is ${JSON.stringify(api.state())}`))),
      PATIENCE_MILLISECONDS,
    );
    const following = api.onDidChangeState(look);
    look(api.state());
  });
}

/**
 * Opens a terminal whose shell integration works.
 * @param withPort opens terminals until one has the student's port, which the extension first has to ask for
 */
export async function openTerminal({ withPort }: { withPort: boolean }): Promise<vscode.Terminal> {
  return waitFor(async () => {
    const terminal = vscode.window.createTerminal();
    await waitFor(() => terminal.shellIntegration !== undefined, 'shell integration');
    const pid = await terminal.processId;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    if (!withPort || /(^|\0)PORT=/.test(environment)) return terminal;
    terminal.dispose();
    return undefined;
  }, 'a terminal with a port');
}

/** Enters a line into a terminal. */
export function run(terminal: vscode.Terminal, line: string): void {
  assert.ok(terminal.shellIntegration);
  terminal.shellIntegration.executeCommand(line);
}

/** Closes every terminal, and waits until the state is idle and nothing is published. */
export async function closeTerminals(api: TestApi): Promise<void> {
  for (const terminal of vscode.window.terminals) terminal.dispose();
  await waitForState(api, 'idle');
  await waitUntilNothing();
}

/** The hostnames that have an ingress rule, and those that have a DNS record. */
export async function world(): Promise<{ rules: string[]; records: string[] }> {
  const file = process.env.CLASSROOM_TUNNEL_CONFIG;
  assert.ok(file, 'the extension host has no CLASSROOM_TUNNEL_CONFIG');
  const { apiBaseUrl } = JSON.parse(await readFile(file, 'utf8')) as { apiBaseUrl: string };
  const answer = await fetch(new URL('/_stand-in/world', apiBaseUrl), { method: 'POST' });
  const { tunnels, zones } = (await answer.json()) as {
    tunnels: { config: { ingress: { hostname?: string }[] } | null }[];
    zones: { records: { name: string }[] }[];
  };
  return {
    rules: tunnels.flatMap(({ config }) => config?.ingress ?? []).flatMap(({ hostname }) => hostname ?? []),
    records: zones.flatMap(({ records }) => records.map(({ name }) => name)),
  };
}

/** Waits for the end of the rule: the state is idle as soon as the command to remove it has started. The record stays for an hour. */
export async function waitUntilNothing(): Promise<void> {
  await waitFor(async () => (await world()).rules.length === 0, 'the end of the rule');
}
