import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRelay } from '../../../src/relay/relay.ts';
import { Running } from '../../fixtures/shell/running.ts';
import { listenOnFreePort, SITE } from '../../relay/helpers.ts';
import { own, WatchedSite } from './watchedSite.ts';

describe('window/server/readiness: the server that a student chose', () => {
  const running = new Running();
  afterEach(() => running.end());

  async function startPage(): Promise<number> {
    const server = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<p>Hello</p>'),
    );
    running.atEnd(() => {
      server.close();
      server.closeAllConnections();
    });
    return listenOnFreePort(server);
  }

  it('is the one that visitors see, of several', async () => {
    const relay = createRelay({ site: SITE, isOwn: () => true });
    running.atEnd(() => relay.close());
    const socket = `${running.folder()}/1.sock`;
    await once(relay.server.listen(socket), 'listening');
    const targets: (number | undefined)[] = [];
    const first = await startPage();
    const watched = new WatchedSite(1, {
      socketOf: () => socket,
      setTarget: (_port, target) => {
        targets.push(target?.port);
        relay.setTarget(target);
      },
      cookieFor: () => undefined,
    });
    running.atEnd(() => watched.watcher.dispose());
    await watched.site(({ kind }) => kind === 'live');
    const second = await startPage();
    const chosen = once(watched.changes, 'chosen');
    watched.dispatch({ type: 'site', port: 1, event: { type: 'ran', shell: '2:2', process: own, shows: second } });
    assert.deepEqual(await chosen, [second]);
    assert.deepEqual([targets[0], targets.at(-1)], [first, second]);
  });
});
