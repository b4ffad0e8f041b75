import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { TaskStatusClient } from '../../../functions/web/task-status.js';
import {
  ScriptedServer, after, comment, complete, cut, event, hang, json, nothing, over, pause, problem, report, retry,
  said, silence, stream, task, until, updated,
} from '../support/scripted-server.mjs';
import { TIMING, all, progressOf } from '../support/watches.mjs';

let server;
let client;

beforeEach(async () => {
  server = await ScriptedServer.started();
  client = new TaskStatusClient(server.url, { timing: TIMING });
});
afterEach(() => server.close());

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

test('case F5: a later stream that is kept back on the way is given up as well', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1', { progress: 30 })] }), pause(20), cut), stream(silence));
  server.on('held', json(report({ tasks: [complete('cdn:1')] }, 'v2')));
  assert.deepEqual(progressOf(await all(client.watch('cdn:1'))), [30, 100]);
  assert.deepEqual(server.requests.map(({ kind }) => kind), ['stream', 'stream', 'held']);
});

test('case F5: streams that fall silent one after the other are given up, where one alone is not', async () => {
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
