import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { listeners, listenersOf } from '../../src/shell/listeners.ts';
import { children, descendants, environment, portSeenBy, readProcess, stillRuns } from '../../src/shell/processes.ts';
import { writeProcess } from '../fixtures/shell/fakeProc.ts';
import { ending, Running, until } from '../fixtures/shell/running.ts';
import { skip } from '../fixtures/skip.ts';

const isRoot = process.geteuid?.() === 0;
const nobody = 65534;

describe('processes', () => {
  const running = new Running();
  afterEach(() => running.end());

  const sleeper = (env: NodeJS.ProcessEnv = {}): number =>
    running.spawn('/bin/sleep', ['600'], { env, stdio: 'ignore' }).pid;

  /** Runs `look` with the rights of a user who owns none of our processes. */
  function asSomebodyElse<T>(look: (foreignPid: number) => T): T {
    if (!isRoot) return look(1);
    const pid = sleeper({ PORT: '3001' });
    process.seteuid?.(nobody);
    try {
      return look(pid);
    } finally {
      process.seteuid?.(0);
    }
  }

  describe('readProcess', () => {
    it('tells parent, user and arguments', async () => {
      const child = running.spawn('/bin/sh', ['-c', 'read line', 'a b', ''], { stdio: ['pipe', 'ignore', 'ignore'] });
      const read = await until(() => readProcess(child.pid));
      assert.deepEqual(
        { ...read, startTime: 0 },
        {
          pid: child.pid,
          ppid: process.pid,
          uid: process.geteuid?.(),
          startTime: 0,
          argv: ['/bin/sh', '-c', 'read line', 'a b', ''],
        },
      );
      assert.ok(read.startTime >= (readProcess(process.pid)?.startTime ?? Infinity));
    });

    it('is not confused by a name with blanks and parentheses', () => {
      const program = join(running.folder(), 'a) S 1 (b');
      copyFileSync('/bin/sleep', program);
      const { pid } = running.spawn(program, ['600'], { stdio: 'ignore' });
      assert.equal(readProcess(pid)?.ppid, process.pid);
    });

    it('knows no process that has ended, waited for or not', async () => {
      const ended = running.spawn('/bin/true', [], { stdio: 'ignore' });
      await ending(ended);
      assert.equal(readProcess(ended.pid), undefined);
      // "exec" leaves a parent that never asks after its child, so the child stays a zombie.
      const parent = running.spawn('/bin/sh', ['-c', 'read line <&3 & exec sleep 600'], {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      });
      const [child] = await until(() =>
        children(parent.pid).length > 0 && readProcess(parent.pid)?.argv[0] === 'sleep'
          ? children(parent.pid)
          : undefined,
      );
      parent.stdio[3]?.destroy();
      await until(() => !readProcess(child?.pid ?? 0));
      assert.deepEqual(children(parent.pid), []);
    });

    it('tells a process from a later one with the same pid by its start', () => {
      const read = readProcess(process.pid);
      assert.ok(read && stillRuns(read));
      assert.equal(stillRuns({ pid: read.pid, startTime: read.startTime - 1 }), false);
    });

    it('tells another user', function () {
      if (!isRoot) skip(this, 'needs root');
      const { pid } = running.spawn('/bin/sleep', ['600'], { uid: nobody, stdio: 'ignore' });
      assert.equal(readProcess(pid)?.uid, nobody);
    });
  });

  describe('children and descendants', () => {
    it('are found through generations, nearest first', async () => {
      const top = running.spawn('/bin/sh', ['-c', 'sh -c "sleep 600 & wait" & sleep 601 & wait'], { stdio: 'ignore' });
      const all = await until(() => {
        const found = descendants(top.pid);
        return ['600', '601'].every((seconds) =>
          found.some(({ argv: [program, argument] }) => program === 'sleep' && argument === seconds),
        )
          ? found
          : undefined;
      });
      assert.deepEqual(
        all.map(({ argv }) => argv.join(' ')),
        ['sh -c sleep 600 & wait', 'sleep 601', 'sleep 600'],
      );
      assert.deepEqual(
        children(top.pid).map(({ pid }) => pid),
        all.slice(0, 2).map(({ pid }) => pid),
      );
    });

    it('are found whichever thread started them', async () => {
      const worker = new Worker(
        'const child = require("node:child_process").spawn("/bin/sleep", ["602"], { stdio: "ignore" }); require("node:worker_threads").parentPort.postMessage(child.pid); setInterval(() => undefined, 1000);',
        { eval: true },
      );
      const pid = await new Promise<number>((resolve) => worker.once('message', resolve));
      running.atEnd(() => process.kill(pid, 'SIGKILL'));
      const found = children(process.pid).some((child) => child.pid === pid);
      await worker.terminate();
      assert.ok(found);
    });

    it('are none of a process that is not there', () => assert.deepEqual(descendants(2 ** 30), []));

    it('are found by their parents where the kernel keeps no lists', () => {
      const procRoot = running.folder();
      writeProcess(procRoot, { pid: 10, ppid: 1, argv: ['bash'] });
      writeProcess(procRoot, { pid: 11, ppid: 10, argv: ['npm run dev', ''] });
      writeProcess(procRoot, { pid: 12, ppid: 11, argv: ['node', 'server.js'] });
      assert.deepEqual(
        descendants(10, procRoot).map(({ pid }) => pid),
        [11, 12],
      );
    });
  });

  describe('environment', () => {
    it('is the one the process was started with', () => {
      const pid = sleeper({ PORT: '3001', EMPTY: '', EQUATION: 'a=b', LINES: 'a\nb' });
      assert.deepEqual(
        environment(pid),
        new Map([
          ['PORT', '3001'],
          ['EMPTY', ''],
          ['EQUATION', 'a=b'],
          ['LINES', 'a\nb'],
        ]),
      );
      assert.equal(portSeenBy(pid, 'PORT'), '3001');
      assert.equal(portSeenBy(pid, 'PORTS'), undefined);
    });

    it('may be empty', () => assert.equal(environment(sleeper())?.size, 0));

    it('of another user, or of nobody, is unknown', () => {
      assert.equal(
        asSomebodyElse((pid) => environment(pid)),
        undefined,
      );
      assert.equal(
        asSomebodyElse((pid) => portSeenBy(pid, 'PORT')),
        undefined,
      );
      assert.equal(environment(2 ** 30), undefined);
    });
  });

  describe('listeners', () => {
    const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
      addresses?.some(({ address }) => address === '::1'),
    );

    async function listen(host: string): Promise<number> {
      const server = createServer();
      running.atEnd(() => void server.close());
      await new Promise<void>((resolve) => server.listen(0, host, resolve));
      return (server.address() as AddressInfo).port;
    }

    for (const address of ['127.0.0.1', '127.1.2.3', '0.0.0.0', ...(hasIpv6 ? ['::1', '::'] : [])]) {
      it(`tells port, user and address on ${address}`, async () => {
        const port = await listen(address);
        const found = listeners().filter((listener) => listener.port === port);
        assert.deepEqual(
          found.map(({ uid, address }) => ({ uid, address })),
          [{ uid: process.geteuid?.(), address }],
        );
        assert.deepEqual(
          listenersOf([process.pid]).filter((listener) => listener.port === port),
          found,
        );
      });
    }

    it('are not taken for those of a process that has none', () => assert.deepEqual(listenersOf([sleeper()]), []));

    it('of another user are seen, but not whose they are', async function () {
      if (!isRoot) skip(this, 'needs root');
      const port = await listen('127.0.0.1');
      assert.deepEqual(
        asSomebodyElse(() => [listeners().some((listener) => listener.port === port), listenersOf([process.ppid])]),
        [true, []],
      );
    });
  });

  describe('a /proc with hidepid', () => {
    it('shows the others as if they were not there', () => {
      const procRoot = running.folder();
      writeProcess(procRoot, { pid: 10, ppid: 1, argv: ['bash'], children: [11, 12, 13] });
      mkdirSync(join(procRoot, '11')); // hidepid=1: the folder is there, nothing in it can be read
      writeProcess(procRoot, { pid: 13, ppid: 10, argv: ['node'], children: [] });
      assert.equal(readProcess(11, procRoot), undefined);
      assert.equal(environment(11, procRoot), undefined);
      assert.deepEqual(
        descendants(10, procRoot).map(({ pid }) => pid),
        [13],
      );
      assert.deepEqual(listenersOf([10, 11, 12], procRoot), []);
      assert.deepEqual(listeners(procRoot), []);
    });
  });
});
