import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  createReadStream('index.html').pipe(response);
});
server.listen(process.env.PORT || 3000, () => console.log(`Listening on port ${server.address().port}`));
