// webpack-dev-server writes its own address into the script that opens its WebSocket, where no visitor can reach it.
// The relay replaces it by "hostname=0.0.0.0&port=0", which means the page's own host (webpack-dev-server/client, createSocketURL).
import { Transform } from 'node:stream';
import type { IncomingHttpHeaders } from 'node:http';
import { rowOf } from './devServers.ts';
import type { DevServerName } from './devServers.ts';

/** Many tools contain webpack-dev-server (Vue CLI, Rspack, Docusaurus, …), so a server that is not known by name may be one. */
export function mayBeWebpack(server: DevServerName | undefined): boolean {
  return server === undefined || rowOf(server)?.rewritesScript === true;
}

/** Whether this response is a script that may contain the address, and is not compressed. */
export function mayContainAddress(headers: IncomingHttpHeaders): boolean {
  return /javascript/i.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
}

/** An IPv4 address and a port, both of full length. */
const longestAddress = 'hostname=255.255.255.255&port=65535&pathname='.length;

/** A stream that replaces the server's address by one of the same length: Content-Length stays true, and nothing is buffered. */
export function hideAddress(port: number): Transform {
  const address = new RegExp(`hostname=(?:localhost|[\\d.]{7,15})&port=${port}&(?=pathname=)`, 'g');
  let held = '';
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // Latin-1 maps each byte to one character and back.
      const text = (held + chunk.toString('latin1')).replace(address, (found) =>
        'hostname=0.0.0.0&port=0&'.padEnd(found.length, '&'),
      );
      // An address may begin at the end of this chunk and continue in the next.
      const cut = Math.max(0, text.length - longestAddress + 1);
      held = text.slice(cut);
      done(null, Buffer.from(text.slice(0, cut), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(held, 'latin1'));
    },
  });
}
