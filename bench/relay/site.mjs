// The dev server of the relay's bench: 500 modules from memory, a WebSocket that echoes, streams both ways. Prints its port.
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import { Readable, Writable, pipeline } from 'node:stream';
import { WebSocketServer } from 'ws';

const MODULE = `export const words = ${JSON.stringify('word '.repeat(400))};\n`;
const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/upload') {
    pipeline(request, new Writable({ write: (_chunk, _encoding, done) => done() }), () => response.end('taken'));
  } else if (url.pathname === '/download') {
    const megabytes = Number(url.searchParams.get('megabytes'));
    pipeline(
      Readable.from(
        (function* () {
          for (let n = 0; n < megabytes; n += 1) yield MEGABYTE;
        })(),
      ),
      response,
      () => undefined,
    );
  } else {
    response.writeHead(200, {
      'content-type': 'text/javascript',
      'content-length': MODULE.length,
      'cache-control': 'no-cache',
      etag: 'W/"1"',
    });
    response.end(MODULE);
  }
});
new WebSocketServer({ server }).on('connection', (socket) =>
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
