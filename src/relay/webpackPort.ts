// webpack-dev-server writes its own port into the script that opens its WebSocket, and a visitor's browser cannot reach that port.
// Nothing but its configuration changes this, so the relay does it in the script on its way: "port=8080" becomes "port=0", which
// that script takes for "the port that this page came from" (webpack-dev-server/client, createSocketURL).
import { Transform } from 'node:stream';
import type { IncomingHttpHeaders } from 'node:http';

/** Whether this answer is a script that may say the port, and in a form that can be read. */
export function mayNamePort(headers: IncomingHttpHeaders): boolean {
  return /javascript/i.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
}

/** Passes a script on with every mention of the port replaced by one of the same length: Content-Length stays true, nothing is gathered. */
export function hidePort(port: number): Transform {
  const mention = Buffer.from(`hostname=0.0.0.0&port=${port}&`);
  const instead = Buffer.from('hostname=0.0.0.0&port=0&'.padEnd(mention.length, '&'));
  let held = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      for (let at = bytes.indexOf(mention); at !== -1; at = bytes.indexOf(mention, at + mention.length)) instead.copy(bytes, at);
      // A mention may begin at the end of this piece and go on in the next.
      const cut = beginningAtEnd(bytes, mention);
      held = bytes.subarray(cut);
      done(null, bytes.subarray(0, cut));
    },
    flush(done) {
      done(null, held);
    },
  });
}

/** Where the longest beginning of `mention` starts that these bytes end with; their length where there is none. */
function beginningAtEnd(bytes: Buffer, mention: Buffer): number {
  for (let at = Math.max(0, bytes.length - mention.length + 1); at < bytes.length; at += 1) {
    if (bytes.subarray(at).equals(mention.subarray(0, bytes.length - at))) return at;
  }
  return bytes.length;
}
