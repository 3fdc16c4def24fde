// A small development server without dependencies: it serves this folder, and tells open pages when a file has changed.
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const folder = import.meta.dirname;
const port = Number(process.env.PORT ?? 3000);
const types = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' };
const pages = new Set();

const server = createServer(async ({ url }, response) => {
  const [path] = url.split('?');
  if (path === '/changes') return listen(response);
  const file = normalize(path === '/' ? '/index.html' : path);
  const type = types[extname(file)];
  try {
    const content = type && (await readFile(join(folder, file)));
    if (!content) throw new Error('not one of the files of a page');
    // A page in the making must never come from a cache.
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(content);
  } catch {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such page.\n');
  }
});

/** Keeps an open page's line (server-sent events) until the page is closed. */
function listen(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': connected\n\n');
  pages.add(response);
  response.on('close', () => pages.delete(response));
}

let pending;
watch(folder, () => {
  clearTimeout(pending); // an editor writes in several steps
  pending = setTimeout(() => {
    for (const page of pages) page.write('data: changed\n\n');
  }, 50);
});

server.listen(port, 'localhost', () => console.log(`Your site runs on http://localhost:${port}`));
