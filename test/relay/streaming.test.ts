import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fetchFrom, openResponse, SITE, startHarness } from './helpers.ts';
import type { RelayHarness } from './helpers.ts';

const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');

describe('relay: streams', () => {
  let harness: RelayHarness;
  afterEach(() => harness.close());

  it('sends the headers of a stream before its first event, and each event at once', async () => {
    const responses: ServerResponse[] = [];
    harness = await startHarness((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      responses.push(response);
    });
    const events = await openResponse(harness.relayPort);
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      responses[0]?.write(text);
      const [chunk] = (await once(events, 'data')) as [Buffer];
      assert.equal(chunk.toString(), text);
    }
    events.destroy();
  });

  it('forwards an upload before its end', async () => {
    const arrived = new Promise<IncomingMessage>((resolve) => {
      void startHarness((incoming) => {
        incoming.once('data', () => resolve(incoming));
      }).then((started) => {
        harness = started;
        const upload = request({
          host: '127.0.0.1',
          port: harness.relayPort,
          method: 'POST',
          agent: false,
          headers: { host: SITE.host },
        });
        upload.on('error', () => undefined);
        upload.write('the first part');
      });
    });
    const incoming = await arrived;
    assert.equal(incoming.complete, false);
  });

  it('carries 64 MB each way unchanged', async () => {
    harness = await startHarness((incoming, outgoing) => {
      incoming.pipe(outgoing);
    });
    const upload = request({
      host: '127.0.0.1',
      port: harness.relayPort,
      method: 'POST',
      agent: false,
      headers: { host: SITE.host },
    });
    const sent = createHash('sha256');
    const received = createHash('sha256');
    const answer = once(upload, 'response') as Promise<[IncomingMessage]>;
    const source = Readable.from(
      (function* () {
        for (let part = 0; part < 64; part += 1) {
          sent.update(MEGABYTE);
          yield MEGABYTE;
        }
      })(),
    );
    await Promise.all([pipeline(source, upload), answer.then(([response]) => pipeline(response, received))]);
    assert.equal(received.digest('hex'), sent.digest('hex'));
  });

  it('slows the server down for a slow visitor instead of buffering', async () => {
    let taken = 0;
    harness = await startHarness((incoming, outgoing) => {
      if (incoming.url === '/other') outgoing.end();
      else
        Readable.from(
          (function* () {
            for (;;) {
              taken += 1;
              yield MEGABYTE;
            }
          })(),
        ).pipe(outgoing);
    });
    (await openResponse(harness.relayPort)).pause();
    // While other requests pass, a relay that kept reading would have read more.
    const seen: number[] = [];
    for (let turn = 0; turn < 300; turn += 1) {
      assert.equal((await fetchFrom(harness.relayPort, { path: '/other' })).status, 200);
      seen.push(taken);
    }
    assert.equal(seen.at(-1), seen.at(-100), 'the server is still being read');
    assert.ok(taken < 50, `${taken} MB were taken from the server`);
  });
});
