import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';

import * as published from '../../functions/web/task-status.js';
import {
  ScriptedServer, after, at, comment, complete, cut, event, hang, json, nothing, object, over, pause, problem, report, retry,
  said, silence, stream, task, until, updated,
} from './scripted-server.mjs';

const { TaskStatusClient, TaskStatusError } = published;
const TIMING = { start: 1, stall: 1, hold: 1, answer: 1, poll: 0.01, pollMost: 0.02, retry: 0.01, retryMost: 0.04 };

let server;
let client;

beforeEach(async () => {
  server = await ScriptedServer.started();
  client = new TaskStatusClient(server.url, { timing: TIMING });
});
afterEach(() => server.close());

async function all(reports) {
  const seen = [];
  for await (const each of reports) seen.push(each);
  return seen;
}
const progressOf = (reports) => reports.map(({ summary }) => summary.progress);
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

test('what can be no id is refused before it could spoil a shared connection', () => {
  assert.throws(() => client.watch(['cdn:1', 'x y', '']), { reason: 'invalid-request', status: 400 });
  assert.throws(() => client.watch([]), { reason: 'invalid-request' });
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

test('watchers whose functions hand out one token share one connection, however many functions there are', async () => {
  const ids = Array.from({ length: 50 }, (_, at) => `cdn:${100 + at}`);
  server.on('stream', stream(said({ tasks: ids.map((id) => complete(id)) }), over));
  await Promise.all(ids.map((id) => withToken(async () => 'shared').wait(id)));
  assert.deepEqual(server.requests.map(({ headers }) => headers.authorization), ['Bearer shared']);
});

const expired = event('problem', { reason: 'token-expired', status: 401 }, '');

test('a token that expires under way is replaced once for all who share it, and what is shown goes on', async () => {
  const renewals = [];
  const source = (name) => (refused) => (refused ? `new ${renewals.push([name, refused])}` : 'old');
  server.on('stream',
    stream(said({ tasks: [task('cdn:1', { progress: 30 }), task('cdn:2')] }), pause(20), expired),
    stream(updated({ tasks: [complete('cdn:1'), complete('cdn:2')] }, 'v2'), over));
  const first = all(withToken(source('a')).watch('cdn:1'));
  await withToken(source('b')).wait('cdn:2');
  assert.deepEqual(progressOf(await first), [30, 100]);
  assert.deepEqual(renewals, [['a', 'old']]);
  assert.deepEqual(server.requests.map(({ headers }) => [headers.authorization, headers['last-event-id']]), [['Bearer old', undefined], ['Bearer new 1', 'v1']]);
});

test('several connections whose token is refused have it replaced once', async () => {
  const ids = Array.from({ length: 1500 }, (_, at) => `cdn:${at + 1}`);
  const renewals = [];
  server.on('stream', (response, { question, headers }) =>
    (headers.authorization === 'Bearer old' ? after(question.taskId.length / 10, problem(401, 'token-expired')) : stream(said({ tasks: question.taskId.map((id) => complete(id)) }), over))(response));
  const { summary } = await withToken((refused) => (refused ? `new ${renewals.push(refused)}` : 'old')).wait(ids);
  assert.deepEqual([summary.outcome, renewals], ['succeeded', ['old']]);
});

test('a replacement that is refused as well is the end, however many tokens there are', async () => {
  let count = 0;
  server.on('stream', problem(401, 'token-signature'));
  await assert.rejects(withToken(() => `token ${(count += 1)}`).wait('cdn:1'), { reason: 'token-signature', status: 401 });
  assert.equal(server.requests.length, 2);
});

test('a source of tokens that never answers has an end, and one that is stopped ends at once', async () => {
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

test('a source of tokens that fails says why, and a watch survives it', async () => {
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

test('an endpoint that is no URL says so', () => {
  assert.throws(() => new TaskStatusClient('not a url'), { reason: 'invalid-endpoint', message: 'not a URL: not a url' });
});

test('a stream is followed from its report over its updates to its end', async () => {
  server.on('stream', stream(
    said({ tasks: [task('cdn:1', { progress: 10 }), complete('cdn:2')] }),
    comment,
    pause(20),
    updated({ tasks: [task('cdn:1', { progress: 60, checkedAt: 20 })] }, 'v2'),
    pause(20),
    updated({ tasks: [complete('cdn:1')] }, 'v3'),
    over,
  ));
  const reports = await all(client.watch('cdn:1, cdn:2'));
  assert.deepEqual(progressOf(reports), [55, 80, 100]);
  assert.deepEqual(reports.at(-1).tasks.map(({ id }) => id), ['cdn:1', 'cdn:2']);
  assert.equal(reports.at(-1).summary.outcome, 'succeeded');
  assert.equal(server.requests.length, 1);
});

test('fifty watchers share one stream, whichever client they came by', async () => {
  const ids = Array.from({ length: 50 }, (_, at) => `cdn:${100 + at}`);
  server.on('stream', stream(said({ tasks: ids.map((id) => complete(id)) }), over));
  const finals = await Promise.all(ids.map((id) => withToken('t').wait(id)));
  assert.deepEqual(finals.map(({ tasks }) => tasks.map(({ id }) => id)), ids.map((id) => [id]));
  assert.equal(server.requests.length, 1);
});

test('who comes later joins: one stream again, and what is over is not asked again', async () => {
  server.on('stream',
    stream(said({ tasks: [complete('cdn:1'), task('cdn:2')] }), silence),
    stream(said({ tasks: [complete('cdn:2'), complete('cdn:3')] }), over));
  const first = client.wait(['cdn:1', 'cdn:2']);
  await server.came('stream');
  await client.wait('cdn:3');
  await first;
  assert.deepEqual(server.requests.map(({ question }) => question.taskId), ['cdn:1,cdn:2', 'cdn:2,cdn:3']);
  await until(() => !server.requests[0].open);
});

test('another token is another connection', async () => {
  server.on('stream', stream(said({ tasks: [complete('cdn:1')] }), over));
  await Promise.all(['a', 'b'].map((token) => withToken(token).wait('cdn:1')));
  assert.deepEqual(server.requests.map(({ headers }) => headers.authorization).sort(), ['Bearer a', 'Bearer b']);
});

test('a stream that breaks is resumed where it ended, and nothing shown goes back', async () => {
  server.on('stream',
    stream(said({ tasks: [task('cdn:1', { progress: 30 })] }, 'v1'), pause(20), cut),
    stream(comment, pause(20), cut),
    stream(updated({ tasks: [task('cdn:1', { progress: 70, checkedAt: 20 })] }, 'v2')),
    stream(updated({ tasks: [complete('cdn:1')] }, 'v3'), over));
  const reports = await all(client.watch('cdn:1'));
  assert.deepEqual(progressOf(reports), [30, 70, 100]);
  assert.deepEqual(server.requests.map(({ headers }) => headers['last-event-id']), [undefined, 'v1', 'v1', 'v2']);
});

test('a resumed stream that is over is over', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1', { status: 'complete', progress: 100 })] }), pause(20), cut), nothing);
  const reports = await all(client.watch('cdn:1'));
  assert.equal(reports.at(-1).summary.done, true);
  assert.equal(reports.at(-1).summary.outcome, 'succeeded');
});

test('of two answers the later one counts, whichever comes last', async () => {
  server.on('stream',
    stream(said({ tasks: [task('cdn:1', { progress: 80, checkedAt: 30 })] }), pause(20), cut),
    stream(said({ tasks: [task('cdn:1', { progress: 20, checkedAt: 29 })] }, 'v2'), pause(20), updated({ tasks: [complete('cdn:1')] }), over));
  assert.deepEqual(progressOf(await all(client.watch('cdn:1'))), [80, 100]);
});

test('the service says how long to stay away after a stream', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), retry(100), comment, event('ping', {})), stream(said({ tasks: [complete('cdn:1')] }), over));
  const begun = Date.now();
  await client.wait('cdn:1');
  assert.ok(Date.now() - begun >= 100);
});

test('without streams requests are held, each until something has changed', async () => {
  server.on('stream', problem(406, 'streaming-unavailable'));
  server.on('lookup', json(report({ tasks: [task('cdn:1', { progress: 10 })] }, 'v1')));
  server.on('held', after(30, json(report({ tasks: [task('cdn:1', { progress: 40, checkedAt: 20 })] }, 'v2'))), after(30, json(report({ tasks: [complete('cdn:1')] }, 'v3'))));
  assert.deepEqual(progressOf(await all(client.watch('cdn:1'))), [10, 40, 100]);
  assert.deepEqual(server.of('held').map(({ question: { wait, until: end, after: known } }) => [wait, end, known]), [['1', 'changed', 'v1'], ['1', 'changed', 'v2']]);
  server.on('held', json(report({ tasks: [complete('cdn:2')] }, 'v4')));
  server.on('lookup', json(report({ tasks: [complete('cdn:2')] }, 'v4')));
  await client.wait('cdn:2');
  assert.equal(server.of('stream').length, 1, 'what does not work here is not tried again');
});

for (const [why, silent] of [['that never answers', hang], ['whose events are kept back on the way', stream(silence)]]) {
  test(`a stream ${why} is given up for held requests`, async () => {
    server.on('stream', silent);
    server.on('lookup', json(report({ tasks: [complete('cdn:1')] })));
    await client.wait('cdn:1');
    assert.deepEqual(server.requests.map(({ kind }) => kind), ['stream', 'lookup']);
    await until(() => !server.requests[0].open);
  });
}

test('a later stream that is kept back on the way is given up as well', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1', { progress: 30 })] }), pause(20), cut), stream(silence));
  server.on('held', json(report({ tasks: [complete('cdn:1')] }, 'v2')));
  assert.deepEqual(progressOf(await all(client.watch('cdn:1'))), [30, 100]);
  assert.deepEqual(server.requests.map(({ kind }) => kind), ['stream', 'stream', 'held']);
});

test('streams that fall silent one after the other are given up, where one alone is not', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), silence), stream(comment, silence));
  server.on('held', json(report({ tasks: [complete('cdn:1')] }, 'v2')));
  await client.wait('cdn:1');
  assert.deepEqual(server.requests.map(({ kind }) => kind), ['stream', 'stream', 'held']);
});

test('streams that fall silent now and then, with sound ones between, are kept to', async () => {
  const quiet = stream(comment, silence);
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), silence), stream(comment, retry(1)), quiet, stream(updated({ tasks: [complete('cdn:1')] }), over));
  await client.wait('cdn:1');
  assert.deepEqual(server.requests.map(({ kind }) => kind), ['stream', 'stream', 'stream', 'stream']);
});

test('an answer by somebody else in the service\'s place is not taken for a report', async () => {
  server.on('stream', problem(406, 'streaming-unavailable'));
  server.on('lookup', json({ error: 'please log in' }), json(report({ tasks: [complete('cdn:1')] })));
  const { summary } = await client.wait('cdn:1');
  assert.equal(summary.outcome, 'succeeded');
  assert.deepEqual(server.requests.map(({ kind }) => kind), ['stream', 'lookup', 'lookup']);
});

test('JSON in place of a stream, and streams that bring nothing, are given up too', async () => {
  server.on('stream', json(report({ tasks: [complete('cdn:1')] })));
  server.on('lookup', json(report({ tasks: [complete('cdn:1')] })));
  await client.wait('cdn:1');
  const barren = await ScriptedServer.started();
  barren.on('stream', stream()).on('lookup', json(report({ tasks: [complete('cdn:1')] })));
  await new TaskStatusClient(barren.url, { timing: TIMING }).wait('cdn:1');
  assert.equal(barren.of('lookup').length, 1);
  assert.ok(barren.of('stream').length <= 4);
  await barren.close();
});

test('where requests are not held they are repeated, after the time that the service names', async () => {
  server.on('stream', problem(406, 'streaming-unavailable'));
  const moving = report({ tasks: [task('cdn:1')] });
  server.on('held', json(moving));
  server.on('lookup', json(moving), json(moving, { 'Retry-After': '1' }), json(report({ tasks: [complete('cdn:1')] }, 'v2')));
  const begun = Date.now();
  await client.wait('cdn:1');
  assert.ok(Date.now() - begun >= 1000);
  assert.deepEqual(server.requests.map(({ kind }) => kind), ['stream', 'lookup', 'held', 'held', 'lookup', 'lookup']);
});

test('a stream that falls silent is opened anew, and nobody hears of it', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), silence), stream(said({ tasks: [complete('cdn:1')] }, 'v2'), over));
  const troubles = [];
  const last = await client.wait('cdn:1', { onTrouble: (trouble) => trouble && troubles.push(trouble) });
  assert.equal(last.summary.outcome, 'succeeded');
  assert.deepEqual(troubles, []);
});

test('a connection that stays in trouble is told of, and that it is well again', async () => {
  const broken = (response) => response.destroy();
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), pause(20), cut), broken, broken, stream(said({ tasks: [complete('cdn:1')] }), over));
  const troubles = [];
  await client.wait('cdn:1', { onTrouble: (trouble) => troubles.push(trouble?.reason ?? null) });
  assert.deepEqual(troubles, ['unreachable', 'unreachable', null]);
});

test('comments are a sign of life', async () => {
  server.on('stream', stream(comment, pause(400), comment, pause(400), comment, pause(400), said({ tasks: [complete('cdn:1')] }), over));
  await client.wait('cdn:1');
  assert.equal(server.requests.length, 1);
});

test('a service in trouble is waited for, as long as it asks', async () => {
  server.on('stream', problem(503, 'upstream-throttled', {}, { 'Retry-After': '1' }), stream(said({ tasks: [complete('cdn:1')] }), over));
  const troubles = [];
  const begun = Date.now();
  await client.wait('cdn:1', { onTrouble: (trouble) => troubles.push(trouble?.reason ?? null) });
  assert.ok(Date.now() - begun >= 1000);
  assert.deepEqual(troubles, ['upstream-throttled', null]);
});

test('what waiting does not cure ends the watch with its reason', async () => {
  const lasting = { problems: [{ product: 'cdn', reason: 'bad-credentials', requestIds: [] }] };
  server.on('stream', problem(403, 'forbidden'), problem(502, 'upstream-failed', lasting), problem(503, 'auth-not-configured'));
  for (const reason of ['forbidden', 'upstream-failed', 'auth-not-configured']) await assert.rejects(client.wait('cdn:1'), { reason });
  assert.equal(server.requests.length, 3);
});

test('a problem in the stream ends it: a passing one for a while, another for good', async () => {
  server.on('stream',
    stream(said({ tasks: [task('cdn:1')] }), event('problem', { reason: 'upstream-throttled', status: 503 }, '')),
    stream(event('problem', { reason: 'token-expired', status: 401 }, '')));
  const seen = [];
  await assert.rejects(client.wait('cdn:1', { onReport: (each) => seen.push(each) }), { reason: 'token-expired', status: 401 });
  assert.equal(seen.length, 1);
});

test('an id that the service refuses is the fault of who asked for it', async () => {
  const errors = [{ parameter: 'taskId', value: 'esa:1', detail: 'there is no such product' }];
  server.on('stream', problem(400, 'invalid-request', { errors }), stream(said({ tasks: [complete('cdn:1')] }), over));
  const refused = assert.rejects(client.wait('esa:1'), { status: 400, errors });
  const [good] = await Promise.all([client.wait('cdn:1'), refused]);
  assert.equal(good.summary.outcome, 'succeeded');
  assert.deepEqual(server.requests.map(({ question }) => question.taskId).sort(), ['cdn:1', 'esa:1,cdn:1']);
});

test('a watch that is stopped lets go of the connection', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), silence));
  const stop = new AbortController();
  let shown;
  const waiting = assert.rejects(client.wait('cdn:1', { signal: stop.signal, onReport: (each) => (shown = each) }), { name: 'AbortError' });
  await until(() => shown);
  await pause(30)();
  stop.abort();
  await waiting;
  await until(() => !server.requests[0].open);
  await assert.rejects(client.wait('cdn:1', { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(server.requests.length, 1);
});

test('leaving the loop lets go as well, but not of what others watch', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), silence));
  const other = client.watch('cdn:1');
  assert.equal((await other.next()).value.tasks.length, 1);
  for await (const each of client.watch('cdn:1')) if (each) break;
  assert.equal(server.requests.length, 1);
  assert.equal(server.requests[0].open, true);
  const rest = other.return();
  await Promise.race([rest, pause(50)()]);
  await until(() => !server.requests[0].open);
});

test('a slow reader gets the newest report, not every one', async () => {
  const steps = [20, 30, 40].map((progress) => updated({ tasks: [task('cdn:1', { progress, checkedAt: progress })] }, `v${progress}`));
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), pause(20), ...steps, pause(60), updated({ tasks: [complete('cdn:1')] }), over));
  const seen = [];
  for await (const each of client.watch('cdn:1')) {
    seen.push(each.summary.progress);
    await pause(50)();
  }
  assert.deepEqual(seen, [50, 40, 100]);
});

test('a wait until failed ends with the first object that did', async () => {
  const rows = [object('http://a.example/1', 'failed', 10), object('http://a.example/2', 'running', 50)];
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), pause(20), updated({ tasks: [task('cdn:1', { objects: rows, checkedAt: 20 })] }), silence));
  const last = await client.wait('cdn:1', { until: 'failed' });
  assert.deepEqual([last.tasks[0].objectCounts.failed, last.summary.done], [1, false]);
});

test('a product out of reach leaves its task where it was, and says so', async () => {
  const undecided = { undecided: [{ id: 'vod:1', products: ['vod'] }], problems: [{ product: 'vod', reason: 'throttled', retryAfter: 2, requestIds: [] }] };
  server.on('stream', stream(said({ tasks: [task('vod:1', { progress: 40 })] }), pause(20), updated(undecided), pause(20), updated({ tasks: [complete('vod:1')] }), over));
  const reports = await all(client.watch('vod:1'));
  assert.deepEqual(reports.map(({ tasks, problems }) => [tasks[0].progress, tasks[0].stale, problems.length]), [[40, false, 0], [40, true, 1], [100, false, 0]]);
});

test('a product that will not answer ends the watch without its task', async () => {
  const denied = { undecided: [{ id: 'vod:1', products: ['vod'] }], problems: [{ product: 'vod', reason: 'denied', requestIds: [] }] };
  server.on('stream', stream(said(denied), over));
  const { summary, undecided } = await client.wait('vod:1');
  assert.deepEqual([summary.done, summary.outcome, undecided.length], [true, 'missing', 1]);
});

test('an id that may appear is watched until it does', async () => {
  server.on('stream', stream(said({ notFound: [{ id: '7', products: ['cdn', 'dcdn'], mayAppear: true }] }), pause(20), updated({ tasks: [complete('dcdn:7')] }), over));
  const reports = await all(client.watch('7'));
  assert.deepEqual(reports.map(({ tasks, notFound }) => [tasks.length, notFound.length]), [[0, 1], [1, 0]]);
});

test('an id that one product may still come to know is watched although another refuses', async () => {
  const young = { undecided: [{ id: '7', products: ['dcdn'], mayAppear: true }], problems: [{ product: 'dcdn', reason: 'denied', requestIds: [] }] };
  server.on('stream', stream(said(young), pause(20), updated({ tasks: [complete('cdn:7')] }), over));
  const reports = await all(client.watch('7'));
  assert.deepEqual(reports.map(({ summary }) => [summary.undecided, summary.done]), [[1, false], [0, true]]);
});

test('a bare id that two products know is two tasks, and over when both are', async () => {
  server.on('stream', stream(said({ tasks: [complete('cdn:7'), task('dcdn:7')] }), pause(20), updated({ tasks: [complete('dcdn:7')] }), over));
  const reports = await all(client.watch('7'));
  assert.deepEqual(reports.map(({ tasks, summary }) => [tasks.length, summary.asked, summary.done]), [[2, 1, false], [2, 1, true]]);
});

test('more objects of a task that is over are asked for again', async () => {
  const hidden = complete('cdn:1', { objectsOmitted: 5 });
  server.on('stream', stream(said({ tasks: [hidden, task('cdn:2')] }), silence), stream(said({ tasks: [complete('cdn:1'), complete('cdn:2')] }), over));
  const other = client.wait(['cdn:1', 'cdn:2'], { objects: 2 });
  await server.came('stream');
  const { tasks } = await client.wait('cdn:1', { objects: 100 });
  assert.equal(tasks[0].objectsOmitted, 0);
  await other;
  assert.deepEqual(server.requests.map(({ question }) => question.objects), ['2', '100']);
});

test('who watches more than a thousand ids gets them all', async () => {
  const ids = Array.from({ length: 1500 }, (_, at) => `cdn:${at + 1}`);
  server.on('stream', (response, { question }) => stream(said({ tasks: question.taskId.map((id) => complete(id)) }), over)(response));
  const { summary } = await client.wait(ids);
  assert.deepEqual([summary.asked, summary.outcome], [1500, 'succeeded']);
  assert.deepEqual(server.requests.map(({ question }) => question.taskId.length), [1000, 500]);
});

test('the declarations name what the module exports', async () => {
  const text = await readFile(new URL('../../functions/web/task-status.d.ts', import.meta.url), 'utf8');
  const declared = [...text.matchAll(/^export declare (?:class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(published).sort());
});
