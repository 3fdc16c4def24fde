import assert from 'node:assert/strict';
import type { SniffResult } from '../../src/relay/target.ts';
import { SniffMemory } from '../../src/relay/sniffMemory.ts';

const target = { port: 5173, address: '127.0.0.1' } as const;
const socket = (inode: number) => [{ ...target, inode, uid: 1000 }];

describe('relay/sniffMemory', () => {
  let result: SniffResult;
  let asked: number;
  let now: number;
  let memory: SniffMemory;
  beforeEach(() => {
    asked = now = 0;
    memory = new SniffMemory(
      () => {
        asked += 1;
        return Promise.resolve(result);
      },
      () => now,
    );
  });
  const sniff = (inode: number, isSettled: boolean): Promise<SniffResult> =>
    memory.of(socket(inode), isSettled)(target);

  it('asks a socket with a page once, and one that restarted again', async () => {
    result = 'page';
    for (const inode of [1, 1, 2]) assert.equal(await sniff(inode, false), 'page');
    assert.equal(asked, 2);
  });

  it('asks a socket without a page each time until the site is live, and then once a minute', async () => {
    result = 'http';
    await sniff(1, false);
    await sniff(1, false);
    await sniff(1, true);
    assert.equal(asked, 2);
    now = 60_000;
    result = 'page';
    assert.equal(await sniff(1, true), 'page');
  });

  it('asks a debugger once', async () => {
    result = 'debugger';
    for (const isSettled of [false, true]) assert.equal(await sniff(1, isSettled), 'debugger');
    assert.equal(asked, 1);
  });

  it('keeps the result of a server that is too busy to respond', async () => {
    result = 'http';
    await sniff(1, false);
    result = 'none';
    assert.equal(await sniff(1, false), 'http');
    now = 60_000;
    assert.equal(await sniff(1, true), 'http');
    assert.equal(asked, 3);
  });

  it('asks a silent socket each time', async () => {
    result = 'none';
    await sniff(1, true);
    await sniff(1, true);
    assert.equal(asked, 2);
  });
});
