import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { WebSocketServer } from 'ws';
import { sniffPort } from '../../src/relay/sniffPort.ts';
import { findTarget } from '../../src/relay/target.ts';
import type { SniffResult } from '../../src/relay/target.ts';
import type { Target } from '../../src/relay/forward.ts';
import { listenOnFreePort } from './helpers.ts';

const listener = (port: number, address = '127.0.0.1') => ({ port, address, uid: 1001, inode: port });
const noSniffing = (): Promise<SniffResult> => assert.fail('sniffed');
const sniffing =
  (results: Record<number, SniffResult>) =>
  ({ port }: Target): Promise<SniffResult> =>
    Promise.resolve(results[port] ?? 'none');

describe('relay/target', () => {
  const assigned = [listener(5173), listener(3007), listener(9229)];
  for (const [results, port] of [
    [{ 3007: 'page', 5173: 'page' }, 3007],
    [{ 3007: 'http', 5173: 'http' }, 3007],
    [{ 3007: 'none', 5173: 'page' }, 3007], // it may be making its first page
    [{ 3007: 'http', 5173: 'page' }, 5173], // an API took the port of the page
    [{ 3007: 'http', 5173: 'none' }, 3007],
  ] as const)
    it(`is port ${port} where the assigned port 3007 and port 5173 answer ${Object.values(results).join(' and ')}`, async () => {
      assert.equal((await findTarget(assigned, 3007, sniffing(results)))?.port, port);
    });

  it('is no API while the page may be still to come', async () => {
    const api = sniffing({ 3007: 'http', 5000: 'http' });
    assert.equal(await findTarget([listener(5000)], 3007, api, true), undefined);
    assert.equal(await findTarget([listener(3007)], 3007, api, true), undefined);
    assert.equal((await findTarget([listener(5000)], 3007, api))?.port, 5000);
    const both = [listener(5000), listener(5173)];
    assert.equal((await findTarget(both, 3007, sniffing({ 5000: 'http', 5173: 'page' }), true))?.port, 5173);
  });

  it('is the only port where it is the assigned one or speaks HTTP', async () => {
    assert.deepEqual(await findTarget([listener(3007)], 3007, noSniffing), { port: 3007, address: '127.0.0.1' });
    for (const result of ['page', 'http'] as const)
      assert.equal((await findTarget([listener(41234)], 3007, sniffing({ 41234: result })))?.port, 41234);
    for (const result of ['none', 'debugger'] as const)
      assert.equal(await findTarget([listener(41234)], 3007, sniffing({ 41234: result })), undefined);
    assert.equal(await findTarget([], 3007, noSniffing), undefined);
  });

  it('is never a debugger', async () => {
    const results = { 3007: 'none', 41234: 'debugger' } as const;
    const [server, debug] = [listener(3007), listener(41234)];
    for (const mayGrow of [false, true]) {
      assert.equal(await findTarget([debug], 3007, sniffing(results), mayGrow), undefined);
      assert.equal((await findTarget([debug, server], 3007, sniffing(results), mayGrow))?.port, 3007);
    }
    assert.equal(await findTarget([debug, server], 3007, sniffing({ 3007: 'debugger', 41234: 'debugger' })), undefined);
  });

  it('uses the address family that the server listens on', async () => {
    for (const [address, expected] of [
      ['127.0.0.1', '127.0.0.1'],
      ['0.0.0.0', '127.0.0.1'],
      ['::1', '::1'],
      ['::', '::1'],
      ['::ffff:127.0.0.1', '127.0.0.1'],
      ['::ffff:0.0.0.0', '127.0.0.1'],
    ] as const) {
      assert.equal((await findTarget([listener(5173, address)], 5173, noSniffing))?.address, expected);
    }
    assert.equal(
      (await findTarget([listener(5173, '::1'), listener(5173, '127.0.0.1')], 5173, noSniffing))?.address,
      '127.0.0.1',
    );
  });

  for (const [address, expected] of [
    ['127.0.0.2', '127.0.0.2'],
    ['192.0.2.2', '192.0.2.2'],
    ['::ffff:192.0.2.2', '192.0.2.2'],
    ['fd00::2', 'fd00::2'],
  ] as const) {
    it(`is reached at ${expected} when it listens on ${address} alone`, async () => {
      assert.equal((await findTarget([listener(5173, address)], 5173, noSniffing))?.address, expected);
      const both = [listener(5173, address), listener(5173, '::1')];
      assert.equal((await findTarget(both, 5173, noSniffing))?.address, '::1');
    });
  }

  it('is no socket that only one network link reaches', async () => {
    assert.equal(await findTarget([listener(5174, 'fe80::1')], 3007, noSniffing), undefined);
  });

  it('is neither an inspector nor a WebSocket server beside the site', async () => {
    const found = await findTarget(
      [listener(9229), listener(9230), listener(24678, '::1'), listener(5174, '::1')],
      5174,
      noSniffing,
    );
    assert.deepEqual(found, { port: 5174, address: '::1' });
    assert.equal(await findTarget([listener(9229)], 3007, noSniffing), undefined);
  });

  it('is the port with a page when there are several', async () => {
    const both = [listener(3001), listener(5173), listener(40000)];
    assert.equal((await findTarget(both, 3007, sniffing({ 3001: 'http', 5173: 'page' })))?.port, 5173);
    assert.equal((await findTarget(both, 3007, sniffing({ 3001: 'http', 40000: 'page' })))?.port, 40000);
    assert.equal((await findTarget(both, 3007, sniffing({ 40000: 'http' })))?.port, 40000);
  });

  it('is the likelier port when all results are equal', async () => {
    assert.equal(
      (await findTarget([listener(3001), listener(5174)], 3007, sniffing({ 3001: 'page', 5174: 'page' })))?.port,
      5174,
    );
    assert.equal(
      (await findTarget([listener(40000), listener(3000)], 3007, sniffing({ 3000: 'http', 40000: 'http' })))?.port,
      3000,
    );
  });
});

describe('relay/sniffPort', () => {
  it('tells a page, an API and everything else apart', async () => {
    const page = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<p>');
    });
    const redirect = createServer((_request, response) => {
      response.writeHead(302, { location: '/app' }).end();
    });
    const api = createServer((_request, response) => {
      response.writeHead(404).end('{}');
    });
    const webSocket = createServer((_request, response) => {
      response.writeHead(426).end();
    });
    new WebSocketServer({ server: webSocket });
    const other = createTcpServer((socket) => {
      socket.end('220 hello\r\n');
    });
    const express = createServer((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('Cannot GET /');
    });
    const servers = [page, redirect, api, webSocket, other, express];
    try {
      const results = [];
      for (const server of servers)
        results.push(await sniffPort({ port: await listenOnFreePort(server), address: '127.0.0.1' }));
      assert.deepEqual(results, ['page', 'page', 'http', 'none', 'none', 'http']);
    } finally {
      for (const server of servers) server.close();
    }
    assert.equal(await sniffPort({ port: 1, address: '127.0.0.1' }), 'none');
  });

  it("tells node's inspector, on whichever port it listens", async () => {
    const debugged = spawn(process.execPath, ['--inspect=127.0.0.1:0', '--eval', 'setInterval(() => {}, 1e9)'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      const [line] = (await once(debugged.stderr, 'data')) as [Buffer];
      const port = Number(/ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line.toString())?.[1]);
      assert.equal(await sniffPort({ port, address: '127.0.0.1' }), 'debugger');
    } finally {
      debugged.kill();
    }
  });
});
