import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { TaskStatusClient } from '../../../functions/web/task-status.js';
import {
  ScriptedServer, after, complete, event, object, over, pause, problem, report, said, silence, stream, task, until,
  updated,
} from '../support/scripted-server.mjs';
import { TIMING, all, progressOf } from '../support/watches.mjs';

let server;
let client;

beforeEach(async () => {
  server = await ScriptedServer.started();
  client = new TaskStatusClient(server.url, { timing: TIMING });
});
afterEach(() => server.close());

const withToken = (token) => new TaskStatusClient(server.url, { token, timing: TIMING });

test('what can be no id is refused before it could spoil a shared connection', () => {
  assert.throws(() => client.watch(['cdn:1', 'x y', '']), { reason: 'invalid-request', status: 400 });
  assert.throws(() => client.watch([]), { reason: 'invalid-request' });
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
