import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { commandFile } from '../fixtures/provisioning/bundles.ts';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';

/** Milliseconds after the start at which the signal is sent. */
const moments = Array.from({ length: 25 }, (_, index) => index * 8);

/** Sends SIGUSR1 to a process, and gives back what it printed to stderr. */
async function signal(words: [string, ...string[]], configFile: string, milliseconds: number): Promise<string> {
  const [command, ...args] = words;
  const child = spawn(command, [...args, 'info', '-p', '23000'], {
    env: { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`, CLASSROOM_TUNNEL_CONFIG: configFile },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const printed = text(child.stderr);
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  await Promise.race([pause(milliseconds), ended]);
  child.kill('SIGUSR1');
  await ended;
  return printed;
}

describe("node's inspector", function () {
  this.timeout(120_000);
  afterEach(closeAll);

  it('is not opened by SIGUSR1, whenever it comes', async () => {
    const { configFile } = await startClassroom();
    for (const milliseconds of moments)
      assert.doesNotMatch(await signal([commandFile()], configFile, milliseconds), /Debugger listening/);
  });

  it('is opened by SIGUSR1 in a program without that precaution', async () => {
    const { configFile } = await startClassroom();
    const all: string[] = [];
    for (const milliseconds of moments)
      all.push(await signal([process.execPath, '--inspect-port=0', commandFile()], configFile, milliseconds));
    assert.ok(all.some((printed) => printed.includes('Debugger listening')));
  });
});
