/**
 * A service that says what a test tells it to, over real HTTP, in the contract's words.
 *
 * Requests are of eight kinds: `stream`, `held` (they bring `wait`), `lookup`, `list`, `submit`, `checks`, `quota`,
 * `capabilities`. For each kind a test queues answers; the last one is given again and again. What came in is kept in `requests`.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { reportOf } from '../../../functions/web/task-status.js';

const WEB = new URL('../../../functions/web/', import.meta.url);
const MEDIA = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };

/** What a service allows that takes no submissions. */
const READ_ONLY = { products: ['cdn', 'dcdn', 'vod'], submit: false, actions: [], objectTypes: {}, quota: true, stream: true, objectLookup: false, history: false, checks: [] };

export class ScriptedServer {
  requests = [];
  #answers = new Map();
  #server = createServer((request, response) => this.#serve(request, response));

  /** @param {Record<string, string>} [headers] what every answer carries besides */
  constructor(headers = {}) {
    this.headers = headers;
  }

  static async started(headers) {
    const server = new ScriptedServer(headers);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  /** Queues answers to requests of a kind; each is a function of the response and the request. */
  on(kind, ...answers) {
    this.#answers.set(kind, [...(this.#answers.get(kind) ?? []), ...answers]);
    return this;
  }

  /** Forgets what was queued for a kind. */
  answers(kind, ...answers) {
    this.#answers.set(kind, answers);
  }

  of(kind) {
    return this.requests.filter((request) => request.kind === kind);
  }

  /** Until `count` requests of a kind have come. */
  async came(kind, count = 1) {
    await until(() => this.of(kind).length >= count, `${count} of ${kind}, not ${this.of(kind).length}`);
    return this.of(kind)[count - 1];
  }

  async close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request, response) {
    for (const [name, value] of Object.entries(this.headers)) response.setHeader(name, value);
    const url = new URL(request.url, this.url);
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    if (!url.pathname.startsWith('/v1/')) return file(url.pathname, response);
    const seen = { method: request.method, path: url.pathname, headers: request.headers, open: true };
    seen.question = request.method === 'POST' ? JSON.parse(await text(request)) : Object.fromEntries(url.searchParams);
    seen.kind = kindOf(seen);
    response.on('close', () => (seen.open = false));
    this.requests.push(seen);
    const queue = this.#answers.get(seen.kind) ?? [seen.kind === 'capabilities' ? json(READ_ONLY) : problem(404, 'not-found')];
    const answer = queue.length > 1 ? queue.shift() : queue[0];
    await answer(response, seen);
  }
}

/** A task of one object, unless `objects` says otherwise. */
export function task(id, { status = 'running', progress = 50, done = false, checkedAt = 10, objects, ...rest } = {}) {
  const [product, taskId] = id.split(':');
  const rows = objects ?? [object(`http://img.example.com/${taskId}.jpg`, status, progress)];
  const counts = { total: rows.length, pending: 0, running: 0, complete: 0, failed: 0, timeout: 0, canceled: 0, unknown: 0 };
  for (const row of rows) counts[row.status] += 1;
  return {
    id, product, taskId, action: 'refresh', objectType: 'file', status, done, progress,
    createdAt: '2026-11-22T03:31:00Z', expiresAt: '2026-11-25T03:31:00Z', checkedAt: at(checkedAt), stale: false,
    objectCounts: counts, objects: rows, objectsOmitted: 0, ...rest,
  };
}

export const complete = (id, rest) => task(id, { status: 'complete', progress: 100, done: true, checkedAt: 50, ...rest });

export function object(objectPath, status, progress = null, reason = 'origin-timeout') {
  const error = status === 'failed' ? { reason, message: 'Origin Timeout' } : null;
  return { objectPath, status, progress, rawStatus: status, error };
}

/** Seconds of one minute, as the service writes times. */
export const at = (seconds) => `2026-11-22T03:33:${String(seconds).padStart(2, '0')}.000Z`;

/** The summary is counted by the code under test; what it counts is tested by itself. */
export const report = (parts, version = 'v1') => ({ ...reportOf(parts), version });

export const json = (body, headers = {}, status = 200) => (response) =>
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));

export const problem = (status, reason, more = {}, headers = {}) => (response) =>
  response
    .writeHead(status, { 'Content-Type': 'application/problem+json', ...headers })
    .end(JSON.stringify({ type: `urn:cdn-task-status:${reason}`, title: `It is ${reason}`, status, reason, ...more }));

export const hang = () => {};
export const nothing = (response) => response.writeHead(204).end();
export const after = (ms, answer) => async (response, request) => {
  await sleep(ms);
  return answer(response, request);
};

/** An event stream of these steps, closed cleanly at the end. */
export const stream = (...steps) => async (response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
  for (const step of steps) await step(response);
  response.end();
};
export const event = (type, data, id = data.version) => (response) =>
  response.write(`event: ${type}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
export const said = (parts, version) => event('report', report(parts, version));
export const updated = (parts, version) => event('update', report(parts, version));
export const over = event('done', { version: 'v9', outcome: 'succeeded' });
export const comment = (response) => response.write(': still here\n\n');
export const retry = (ms) => (response) => response.write(`retry: ${ms}\n\n`);
export const pause = (ms) => () => sleep(ms);
/** A step that waits until the test calls `open`. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers();
  return Object.assign(() => promise, { open: resolve });
}
/** Until the caller has gone. */
export const silence = (response) => once(response, 'close');
/** The connection breaks. */
export const cut = (response) => response.destroy();

export async function until(happened, what = 'what was waited for') {
  for (const end = Date.now() + 30_000; !(await happened()); await sleep(5)) {
    if (Date.now() > end) throw new Error(`it did not come: ${what}`);
  }
}

function kindOf({ method, headers, path, question }) {
  const route = path.split('/').at(-1);
  if (['quota', 'capabilities', 'checks'].includes(route)) return route;
  if (method === 'POST' && route === 'tasks') return 'submit';
  if (headers.accept === 'text/event-stream') return 'stream';
  if (!question.taskId) return 'list';
  return question.wait ? 'held' : 'lookup';
}

async function text(request) {
  let whole = '';
  for await (const piece of request) whole += piece;
  return whole;
}

async function file(path, response) {
  const name = path === '/' ? 'index.html' : path.slice(1);
  try {
    const content = await readFile(new URL(name, WEB));
    response.writeHead(200, { 'Content-Type': MEDIA[extname(name)] ?? 'text/plain' }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}
