import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from '../../src/cli/service/connection.ts';
import { limits, peerOfInstance, readReply, readRequest } from '../../src/cli/service/protocol.ts';

describe('the connection of the service', () => {
  it('is closed when the peer does not read', async () => {
    const server = createServer({ allowHalfOpen: true }).listen(path.join(tmpdir(), `connection-${process.pid}.sock`));
    try {
      const peer = connect(server.address() as string).pause();
      const [socket] = (await once(server, 'connection')) as [Socket];
      const connection = new Connection(socket);
      const line = 'x'.repeat(limits.unreadBytes / 4);
      for (let count = 0; count < 8; count++) connection.send({ stream: 'out', line });
      assert.ok(socket.destroyed);
      await connection.close(0);
      peer.destroy();
    } finally {
      server.close();
    }
  });

  it('takes the user id from the name of the instance', () => {
    const names = ['0-66-4321', '12-66_7890-4321', '0-66-0', '0-66--1', '0-66-', '', '0-66-12x', '1-2-3-4'];
    assert.deepEqual(names.map(peerOfInstance), [4321, 4321, 0, undefined, undefined, undefined, undefined, undefined]);
  });

  it('reads only complete lines of the protocol', () => {
    assert.deepEqual(readRequest('{"args":["info"]}'), ['info']);
    for (const line of ['', 'null', '[]', '{"args":"info"}', '{"args":[null]}'])
      assert.equal(readRequest(line), undefined, line);
    assert.deepEqual(readReply('{"exitCode":75}'), { exitCode: 75 });
    for (const line of ['', '{"stream":"in","line":""}', '{"stream":"out"}', '{"exitCode":"0"}'])
      assert.equal(readReply(line), undefined, line);
  });
});
