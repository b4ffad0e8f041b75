/**
 * A proxy that compresses what passes, as webpack's and Express' do: a stream's bytes stay in the compressor until it
 * is full or the stream ends, unless the answer forbids it by `no-transform` (RFC 9111, 5.2.2.6).
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createGzip } from 'node:zlib';

/** `accepted` tells what each request asked for. */
export async function compressing(origin) {
  const accepted = [];
  const server = createServer((asked, answer) => {
    accepted.push(asked.headers.accept);
    const { hostname, port } = new URL(origin);
    const forward = request({ hostname, port, path: asked.url, method: asked.method, headers: asked.headers, agent: false }, (given) => {
      const kept = given.statusCode === 204 || /no-transform/.test(given.headers['cache-control'] ?? '');
      if (kept) return given.pipe(answer.writeHead(given.statusCode, given.headers));
      const { 'content-length': _, ...headers } = given.headers;
      answer.writeHead(given.statusCode, { ...headers, 'content-encoding': 'gzip' });
      answer.flushHeaders();
      return given.pipe(createGzip()).pipe(answer);
    });
    forward.on('error', () => answer.destroy());
    answer.on('close', () => forward.destroy());
    asked.pipe(forward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    accepted,
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
