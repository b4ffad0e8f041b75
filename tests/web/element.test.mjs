import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { accessible, kept, launched, rowsOf } from './browser.mjs';
import { ScriptedServer, after as later, complete, hang, json, object, over, problem, report, said, silence, stream, task, until, gate, updated } from './scripted-server.mjs';

let browser;
let server;
let tab;
let page;

before(async () => (browser = await launched()));
after(() => browser.close());
beforeEach(async () => {
  server = await ScriptedServer.started();
  tab = await browser.open();
  page = tab.page;
});
afterEach(async () => {
  await server.close();
  await tab.close();
});

/** Somebody else's page with this in its body. */
async function show(markup, script = '') {
  const text = `<!doctype html><html lang="en"><title>A page</title><main><h1>Uploads</h1>${markup}</main>
    <script type="module">import * as client from '${server.url}task-status.js'; Object.assign(globalThis, client); ${script}; globalThis.ready = true;</script>`;
  await page.route('**/host.html', (route) => route.fulfill({ contentType: 'text/html', body: text }));
  await page.goto(`${server.url}host.html`);
  await page.waitForFunction(() => globalThis.ready);
}
const one = (id = 'cdn:1', more = '') => `<task-status task-id="${id}" endpoint="/" ${more}></task-status>`;
const state = (value) => page.locator(`task-status[data-state=${value}]`).first().waitFor();

test('an element in a page follows its task and tells of it', async () => {
  const go = gate();
  server.on('stream', stream(said({ tasks: [task('cdn:1', { progress: 30 })] }), go, updated({ tasks: [complete('cdn:1')] }), over));
  await show(one(), `globalThis.told = [];
    for (const type of ['change', 'done', 'error']) document.querySelector('task-status').addEventListener(type, (event) => told.push([type, event.detail.summary.progress, event.bubbles]))`);
  await page.waitForFunction(() => told.length === 1);
  go.open();
  await state('complete');
  await page.waitForFunction(() => told.length === 3);
  assert.deepEqual(await page.evaluate(() => told), [['change', 30, false], ['change', 100, false], ['done', 100, false]]);
  assert.deepEqual(await page.evaluate(() => { const { state: sign, done, taskId, objects } = document.querySelector('task-status'); return [sign, done, taskId, objects]; }), ['complete', true, 'cdn:1', 20]);
  await accessible(page);
});

test('fifty elements of a page share one stream', async () => {
  const ids = Array.from({ length: 50 }, (_, at) => `cdn:${at + 1}`);
  server.on('stream', stream(said({ tasks: ids.map((id) => complete(id)) }), over));
  await show(ids.map((id) => one(id)).join(''));
  await page.waitForFunction(() => document.querySelectorAll('task-status[data-state=complete]').length === 50);
  assert.equal(server.requests.length, 1);
});

test('an element for several ids is one bar over all of them', async () => {
  server.on('stream', stream(said({ tasks: [complete('cdn:1'), task('dcdn:2', { progress: 50, objects: [object('http://a.example/x', 'failed', 50), object('http://a.example/y', 'running', 50)] })] }), silence));
  await show(one('1, 2'));
  await state('running');
  const [row] = await rowsOf(page);
  assert.deepEqual([row.id, row.state, row.figure, row.failures[0][0]], ['cdn:1, dcdn:2', 'Running', '75 %', 'http://a.example/x']);
  assert.match(row.facts, /1 of 3|2 of 3/);
});

test('another id is another task, and an element that is taken away lets go', async () => {
  server.on('stream', (response, { question }) => stream(said({ tasks: [task(question.taskId)] }), silence)(response));
  await show(one());
  await state('running');
  await page.evaluate(() => document.querySelector('task-status').setAttribute('task-id', 'cdn:2'));
  await server.came('stream', 2);
  await until(() => !server.requests[0].open);
  await page.evaluate(() => document.querySelector('task-status').remove());
  await until(() => !server.requests[1].open);
});

test('a token is a property, from a string or from whoever hands them out', async () => {
  server.on('stream', problem(401, 'missing-token'), problem(401, 'token-expired'), stream(said({ tasks: [complete('cdn:1')] }), over));
  await show(one());
  await state('fault');
  assert.equal((await rowsOf(page))[0].note, 'This service needs a token');
  await accessible(page);
  await page.evaluate(() => (document.querySelector('task-status').token = async (refused) => (refused ? 'new' : 'old')));
  await state('complete');
  assert.deepEqual(server.requests.map(({ headers }) => headers.authorization), [undefined, 'Bearer old', 'Bearer new']);
});

test('the language is the nearest one, the colours are the page\'s', async () => {
  server.on('stream', stream(said({ tasks: [complete('cdn:1')] }), over));
  await show(`<div lang="zh-Hans" style="--task-status-good: rgb(1, 2, 3)">${one()}</div><style>task-status::part(title) { font-style: italic }</style>`);
  await state('complete');
  const styles = await page.evaluate(() => {
    const inside = (name) => getComputedStyle(document.querySelector('task-status').shadowRoot.querySelector(name));
    return [inside('.fill').backgroundColor, inside('.title').fontStyle];
  });
  assert.deepEqual(styles, ['rgb(1, 2, 3)', 'italic']);
  assert.equal((await rowsOf(page))[0].state, '已完成');
});

test('an element shows what it is given, without asking anybody', async () => {
  await show('<task-status></task-status>', `document.querySelector('task-status').task = ${JSON.stringify(complete('vod:7'))}`);
  await state('complete');
  assert.equal(server.requests.length, 0);
});

const SHORT = JSON.stringify({ start: 1, hold: 1, poll: 0.05, retry: 0.05 });
const moving = report({ tasks: [task('cdn:1')] });
const end = report({ tasks: [complete('cdn:1')] }, 'v2');
for (const [way, script, kinds] of [
  ['held requests', () => server.on('stream', problem(406, 'streaming-unavailable')).on('lookup', json(moving)).on('held', later(100, json(end))), ['stream', 'lookup', 'held']],
  ['held requests, when a stream never starts', () => server.on('stream', hang).on('lookup', json(moving)).on('held', later(100, json(end))), ['stream', 'lookup', 'held']],
  ['polling, when requests are not held', () => server.on('stream', hang).on('lookup', json(moving), json(end)).on('held', json(moving)), ['stream', 'lookup', 'held', 'held', 'lookup']],
]) {
  test(`in a browser, too, bars move by ${way}`, async () => {
    script();
    await show('<task-status task-id="cdn:1"></task-status>', `document.querySelector('task-status').client = new TaskStatusClient('/', { timing: ${SHORT} })`);
    await state('complete');
    assert.deepEqual(server.requests.map(({ kind }) => kind), kinds);
  });
}

test('it can be looked at', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1', { progress: 62.5, objects: [object('http://img.example.com/a.jpg', 'failed', 25), object('http://img.example.com/b.jpg', 'running', 99)] })] }), silence));
  await show(one());
  await state('running');
  await kept(page, 'element');
});
