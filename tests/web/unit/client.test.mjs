import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';

import * as published from '../../../functions/web/task-status.js';
import {
  ScriptedServer, at, complete, hang, json, over, problem, report, said, stream, task, until,
} from '../support/scripted-server.mjs';
import { TIMING, all } from '../support/watches.mjs';

const { TaskStatusClient, TaskStatusError } = published;
let server;
let client;

beforeEach(async () => {
  server = await ScriptedServer.started();
  client = new TaskStatusClient(server.url, { timing: TIMING });
});
afterEach(() => server.close());

const withToken = (token) => new TaskStatusClient(server.url, { token, timing: TIMING });

test('a lookup is a GET, its ids are joined and its token travels in a header', async () => {
  server.on('lookup', json(report({ tasks: [task('cdn:1')] })));
  const found = await withToken('secret').lookup(['cdn:1', 'cdn:1', '2'], { objects: 3, product: ['cdn'] });
  const { method, question, headers } = server.requests[0];
  assert.equal(found.tasks[0].id, 'cdn:1');
  assert.deepEqual([method, question], ['GET', { taskId: 'cdn:1,2', objects: '3', product: 'cdn' }]);
  assert.equal(headers.authorization, 'Bearer secret');
});

test('more ids than a URL should hold are asked by POST', async () => {
  const ids = Array.from({ length: 300 }, (_, at) => `cdn:${24840000000 + at}`);
  server.on('lookup', json(report({})));
  await client.lookup(ids, { objects: 3 });
  const { method, path, question, headers } = server.requests[0];
  assert.deepEqual([method, path, headers['content-type']], ['POST', '/v1/tasks/query', 'application/json']);
  assert.deepEqual(question, { taskId: ids, objects: 3 });
});

test('a list takes times as dates and goes on page by page, when it is wanted', async () => {
  server.on('list', json({ tasks: [task('cdn:2')], problems: [], nextPageToken: 'next' }), json({ tasks: [task('cdn:1')], problems: [] }));
  const ids = [];
  for await (const { tasks } of client.pages({ status: 'bad', startTime: new Date(0), domainName: undefined })) {
    ids.push(...tasks.map(({ id }) => id));
    assert.equal(server.requests.length, ids.length);
  }
  assert.deepEqual(ids, ['cdn:2', 'cdn:1']);
  assert.deepEqual(server.requests[0].question, { status: 'bad', startTime: '1970-01-01T00:00:00.000Z' });
  assert.equal(server.requests[1].question.pageToken, 'next');
});

test('several URLs in one list are asked by POST, because a URL may hold commas', async () => {
  server.on('list', json({ tasks: [], problems: [] }));
  const objectPath = ['http://a.example/1,2', 'http://a.example/3'];
  await client.list({ objectPath });
  assert.deepEqual([server.requests[0].method, server.requests[0].question], ['POST', { objectPath }]);
});

test('quotas are asked of their own route', async () => {
  server.on('quota', json({ quotas: [], checkedAt: at(1), problems: [] }));
  assert.deepEqual((await client.quota()).quotas, []);
  assert.equal(server.requests[0].path, '/v1/quota');
});

test('a refusal is one error with its reason, all its faults and when to come back', async () => {
  const errors = [{ parameter: 'pageSize', value: '0', detail: 'it must be more' }];
  server.on('list', problem(400, 'invalid-request', { errors }, { 'Retry-After': '7' }));
  await assert.rejects(client.list(), (fault) => {
    assert.ok(fault instanceof TaskStatusError && fault instanceof Error);
    assert.deepEqual([fault.status, fault.reason, fault.retryAfter, fault.errors], [400, 'invalid-request', 7, errors]);
    return !fault.passing;
  });
});

test('an answer that is none is an error too: not ours, not JSON, not there', async () => {
  server.on('list', (response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway'));
  server.on('quota', (response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"tasks'));
  await assert.rejects(client.list(), { reason: 'unexpected-answer', status: 502, passing: true });
  await assert.rejects(client.quota(), { reason: 'malformed', status: 0 });
  await server.close();
  await assert.rejects(client.list(), { reason: 'unreachable', status: 0, passing: true });
});

test('a token that is refused is asked for again, once', async () => {
  const given = [];
  const token = async (refused) => given.push(refused) && (refused ? 'new' : 'old');
  server.on('list', problem(401, 'token-expired'), json({ tasks: [], problems: [] }), problem(401, 'token-expired'));
  await withToken(token).list();
  assert.deepEqual(given, [undefined, 'old']);
  assert.deepEqual(server.requests.map(({ headers }) => headers.authorization), ['Bearer old', 'Bearer new']);
  await assert.rejects(withToken(token).list(), { status: 401, reason: 'token-expired' });
  assert.equal(server.requests.length, 4);
});

test('a source that has no other token costs no second request', async () => {
  server.on('list', problem(401, 'token-signature'));
  await assert.rejects(withToken(() => 'same').list(), { reason: 'token-signature' });
  assert.equal(server.requests.length, 1);
});

test('case F6: a source of tokens that never answers has an end, and one that is stopped ends at once', async () => {
  const mute = new TaskStatusClient(server.url, { token: () => new Promise(() => {}), timing: { ...TIMING, answer: 0.05 } });
  const stop = new AbortController();
  await assert.rejects(mute.list(), { reason: 'token-unavailable', status: 0, passing: true });
  const troubles = [];
  const waiting = mute.wait('cdn:1', { signal: stop.signal, onTrouble: ({ reason }) => troubles.push(reason) });
  await until(() => troubles.length > 1);
  stop.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  const patient = withToken(() => new Promise(() => {}));
  await assert.rejects(patient.quota({ signal: AbortSignal.abort() }), { name: 'AbortError' });
  await assert.rejects(patient.lookup('cdn:1', { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
  assert.deepEqual([troubles.slice(0, 2), server.requests.length], [['token-unavailable', 'token-unavailable'], 0]);
});

test('case F6: a source of tokens that fails says why, and a watch survives it', async () => {
  let failures = 1;
  const token = () => {
    if (failures-- > 0) throw new RangeError('no session');
    return 'late';
  };
  server.on('stream', stream(said({ tasks: [complete('cdn:1')] }), over));
  const troubles = [];
  await withToken(token).wait('cdn:1', { onTrouble: (trouble) => troubles.push(trouble && [trouble.reason, trouble.message, trouble.cause.name]) });
  assert.deepEqual(troubles, [['token-unavailable', 'no session', 'RangeError'], null]);
});

test('a caller\'s own deadline is what it gets, wherever it strikes', async () => {
  server.on('list', hang);
  server.on('quota', (response) => response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"quotas'));
  await assert.rejects(client.list({}, { signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
  await assert.rejects(client.quota({ signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
});

test('tasks are submitted with their key, and a refusal tells of every URL', async () => {
  const submitted = { tasks: [{ id: 'cdn:7', product: 'cdn', taskId: '7', action: 'refresh', objectType: 'file' }], rejected: [] };
  const rejected = [{ objectPaths: ['https://a.example/1'], reason: 'quota-exceeded', vendorCode: 'QuotaExceeded.Refresh' }];
  server.on('submit', json(submitted, {}, 202), problem(422, 'quota-exceeded', { rejected }));
  const submission = { action: 'refresh', product: 'cdn', objectPaths: 'https://a.example/1' };
  assert.deepEqual(await withToken('t').submit(submission, { idempotencyKey: 'k' }), submitted);
  const { method, path, question, headers } = server.requests[0];
  assert.deepEqual([method, path, question], ['POST', '/v1/tasks', { ...submission, objectPaths: ['https://a.example/1'] }]);
  assert.deepEqual([headers['idempotency-key'], headers.authorization], ['k', 'Bearer t']);
  await assert.rejects(client.submit(submission), { status: 422, reason: 'quota-exceeded', rejected });
});

test('what the service and the token allow is asked of its own route', async () => {
  server.on('capabilities', json({ submit: false }));
  assert.deepEqual(await client.capabilities(), { submit: false });
  assert.equal(server.requests[0].path, '/v1/capabilities');
});

test('a URL is checked in a body, and a host that may not be checked is told', async () => {
  server.on('checks', json({ fresh: true, finding: 'fresh' }), problem(422, 'host-not-checked'));
  assert.equal((await client.check(new URL('https://a.example/1?x=,'))).finding, 'fresh');
  const { method, path, question } = server.requests[0];
  assert.deepEqual([method, path, question], ['POST', '/v1/checks', { url: 'https://a.example/1?x=,' }]);
  await assert.rejects(client.check('https://b.example/'), { status: 422, reason: 'host-not-checked' });
});

test('an endpoint that is no URL says so', () => {
  assert.throws(() => new TaskStatusClient('not a url'), { reason: 'invalid-endpoint', message: 'not a URL: not a url' });
});

test('the declarations name what the module exports', async () => {
  const text = await readFile(new URL('../../../functions/web/task-status.d.ts', import.meta.url), 'utf8');
  const declared = [...text.matchAll(/^export declare (?:class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(published).sort());
});
