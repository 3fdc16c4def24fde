// webpack-dev-server writes its own address into the script that opens its WebSocket, and a visitor's browser cannot reach that.
// Nothing but its configuration changes this, so the relay does it in the script on its way: "hostname=0.0.0.0&port=0" is what
// that script takes for "the host and port that this page came from" (webpack-dev-server/client, createSocketURL).
import { Transform } from 'node:stream';
import type { IncomingHttpHeaders } from 'node:http';
import type { DevServerName } from './devServers.ts';

/** Those that are webpack-dev-server, or were until some version of theirs. */
const WEBPACK: readonly DevServerName[] = ['webpack-dev-server', 'Create React App', 'Angular'];

/** Many tools have webpack-dev-server inside (Vue CLI, Rspack, Docusaurus, …), so whatever is not known by its name may be one. */
export function mayBeWebpack(server: DevServerName | undefined): boolean {
  return server === undefined || WEBPACK.includes(server);
}

/** Whether this answer is a script that may say the address, and in a form that can be read. */
export function mayNameAddress(headers: IncomingHttpHeaders): boolean {
  return /javascript/i.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
}

/** The longest mention: an IPv4 address and a port, both of full length. */
const LONGEST = 'hostname=255.255.255.255&port=65535&pathname='.length;

/** Passes a script on with every mention of the server's address replaced by one of the same length: Content-Length stays true, nothing is gathered. */
export function hideAddress(port: number): Transform {
  const mention = new RegExp(`hostname=(?:localhost|[\\d.]{7,15})&port=${port}&(?=pathname=)`, 'g');
  let held = '';
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // Latin-1 has one character for each byte, and gives each back as it was.
      const text = (held + chunk.toString('latin1')).replace(mention, (found) =>
        'hostname=0.0.0.0&port=0&'.padEnd(found.length, '&'),
      );
      // A mention may begin at the end of this piece and go on in the next.
      const cut = Math.max(0, text.length - LONGEST + 1);
      held = text.slice(cut);
      done(null, Buffer.from(text.slice(0, cut), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(held, 'latin1'));
    },
  });
}
