import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { accessible, kept, launched, rowsOf } from '../support/browser.mjs';
import { compressing } from '../support/compressing-proxy.mjs';
import { ScriptedServer, after as later, complete, hang, json, object, over, problem, report, said, silence, stream, task, until, gate, updated } from '../support/scripted-server.mjs';

const SHORT = JSON.stringify({ start: 1, hold: 1, poll: 0.05, retry: 0.05 });

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
async function show(markup, script = '', origin = server.url) {
  const text = `<!doctype html><html lang="en"><title>A page</title><main><h1>Uploads</h1>${markup}</main>
    <script type="module">import * as client from '/task-status.js'; Object.assign(globalThis, client); ${script}; globalThis.ready = true;</script>`;
  await page.route('**/host.html', (route) => route.fulfill({ contentType: 'text/html', body: text }));
  await page.goto(`${origin}host.html`);
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

const gone = { id: '9', products: ['cdn', 'vod'], mayAppear: false };
const denied = ['cdn', 'vod'].map((product) => ({ product, reason: 'denied', requestIds: [] }));
for (const [what, parts, sign, words, now, note] of [
  ['a product is out of reach', { undecided: [{ id: 'vod:2', products: ['vod'] }], problems: denied }, 'undecided', 'Out of reach, 50 %', '50', 'Out of reach: vod:2 · Could not be asked: VOD (permission denied)'],
  ['an id is unknown', { notFound: [gone] }, 'missing', 'Not all found, 50 %', '50', 'Not found: 9'],
  ['an id may still appear', { notFound: [{ ...gone, mayAppear: true }] }, 'appearing', 'Not visible yet, 50 %', '50', 'Not found: 9 · New tasks can take a minute to become visible.'],
  ['a task is not settled', { tasks: [complete('cdn:1'), complete('cdn:2', { done: false })] }, 'settling', 'Confirming, 100 %', '100', 'Making sure that nothing is missing'],
]) {
  test(`case F1: nothing is called complete while ${what}`, async () => {
    const shown = report({ tasks: [complete('cdn:1')], ...parts });
    await show('<task-status></task-status>', `document.querySelector('task-status').report = ${JSON.stringify(shown)}`);
    await state(sign);
    const [row] = await rowsOf(page);
    assert.deepEqual([row.text, row.now, row.note], [words, now, note]);
    await accessible(page);
  });
}

test('case F8: the vendor\'s own words can be read: of a failure, of a state that nobody here knows, of one under way', async () => {
  const rows = [
    { ...object('http://a.example/1', 'failed', 25, 'other'), error: { reason: 'other', message: 'Origin DNS Failure' }, rawStatus: 'Failed' },
    { ...object('http://a.example/2', 'unknown'), rawStatus: 'Quarantined' },
    { ...object('http://a.example/3', 'running', 30), rawStatus: 'Refreshing' },
    { ...object('http://a.example/4', 'complete', 100), rawStatus: 'Complete' },
  ];
  await show('<task-status></task-status>', `document.querySelector('task-status').task = ${JSON.stringify(task('cdn:1', { objects: rows }))}`);
  await state('running');
  assert.deepEqual((await rowsOf(page))[0].failures, [['http://a.example/1', 'other fault · Origin DNS Failure'], ['http://a.example/2', 'Unknown · Quarantined']]);
  await page.getByText('4 objects').click();
  await page.locator('.objects .verdict').first().waitFor({ state: 'visible' });
  assert.deepEqual(await page.locator('.objects .verdict').allInnerTexts(), ['other fault · Origin DNS Failure', 'Unknown · Quarantined', '30 % · Refreshing', 'Complete']);
});

test('case F8: what is missing is said: the endpoint, the id', async () => {
  await show('<task-status task-id="cdn:1"></task-status><task-status endpoint="/"></task-status>');
  await state('fault');
  assert.deepEqual((await rowsOf(page)).map((row) => [row.state, row.note]), [['No answer', 'No endpoint is given'], ['No task', 'No task id is given.']]);
  server.on('stream', stream(said({ tasks: [complete('cdn:1'), complete('cdn:2')] }), over));
  await page.evaluate(() => {
    const [first, second] = document.querySelectorAll('task-status');
    Object.assign(first, { endpoint: '/' });
    Object.assign(second, { taskId: ['CDN：2'] });
  });
  await page.waitForFunction(() => document.querySelectorAll('task-status[data-state=complete]').length === 2);
});

test('case F4: what was set or written before the module came is kept, and a token does not stay in the markup', async () => {
  server.on('stream', stream(said({ tasks: [complete('cdn:1'), complete('cdn:2')] }), over));
  await page.route('**/early.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><main></main>' }));
  await page.goto(`${server.url}early.html`);
  await page.evaluate(async (shown) => {
    const made = (properties) => Object.assign(document.createElement('task-status'), properties);
    const written = made({});
    // What React writes for an element it does not know yet.
    for (const [name, value] of Object.entries({ taskId: 'cdn:2', endpoint: '/', token: 'early' })) written.setAttribute(name, value);
    document.querySelector('main').append(made({ taskId: 'cdn:1', endpoint: '/', token: () => 'early', objects: 7 }), written, made({ report: shown }), made({ task: shown.tasks[0] }));
    await import('/task-status.js');
  }, report({ tasks: [complete('vod:3')] }));
  await page.waitForFunction(() => document.querySelectorAll('task-status[data-state=complete]').length === 4);
  assert.deepEqual(server.requests.map(({ headers, question }) => [headers.authorization, question.objects]), [['Bearer early', '20']]);
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('task-status')].map(({ objects, outerHTML }) => [objects, outerHTML.includes('early')])), [[7, false], [20, false], [20, false], [20, false]]);
});

test('case F7: an element that is moved keeps what it shows, and what is over is neither asked nor told again', async () => {
  const end = gate();
  server.on('stream', stream(said({ tasks: [complete('cdn:1'), task('cdn:2')] }), end, updated({ tasks: [complete('cdn:2')] }, 'v2'), over));
  await show(`<div id="there"></div>${one()}${one('cdn:2')}`, `globalThis.told = []; addEventListener('done', ({ target }) => told.push(target.taskId), true);
    globalThis.move = () => { for (const element of document.querySelectorAll('task-status')) { document.querySelector('#there').append(element); document.querySelector('main').append(element); } };`);
  await state('complete');
  await state('running');
  await page.evaluate(() => globalThis.move());
  assert.deepEqual((await rowsOf(page)).map((row) => row.state), ['Complete', 'Running']);
  end.open();
  await page.waitForFunction(() => document.querySelectorAll('task-status[data-state=complete]').length === 2);
  await page.evaluate(() => globalThis.move());
  await page.waitForTimeout(100);
  assert.deepEqual(await page.evaluate(() => told.toSorted()), ['cdn:1', 'cdn:2']);
  assert.equal(server.requests.length, 1);
});

test('an element that is moved or given an equal client by whoever hears of its end tells of it once', async () => {
  server.on('stream', stream(said({ tasks: [complete('cdn:1')] }), over));
  await show('<task-status task-id="cdn:1"></task-status>', `globalThis.told = [];
    const element = document.querySelector('task-status');
    const again = () => { element.client = new TaskStatusClient('/', { token: () => 'shared' }); document.querySelector('main').append(element); };
    for (const type of ['change', 'done']) element.addEventListener(type, () => { told.push(type); if (told.length < 20) again(); });
    again();`);
  await state('complete');
  await page.waitForTimeout(100);
  assert.deepEqual(await page.evaluate(() => told), ['change', 'done']);
  assert.equal(server.requests.length, 1);
  await page.evaluate(() => (document.querySelector('task-status').client = new TaskStatusClient('/elsewhere/')));
  await state('asking');
});

test('case F5: behind a proxy that compresses, a stream that allows it is given up, and one that forbids it is followed', async () => {
  const opened = stream(said({ tasks: [task('cdn:1')] }), silence);
  server.on('stream', opened);
  server.on('lookup', json(report({ tasks: [complete('cdn:1')] })));
  const proxy = await compressing(server.url);
  const shown = () => show('<task-status task-id="cdn:1"></task-status>', `document.querySelector('task-status').client = new TaskStatusClient('/', { timing: ${SHORT} })`, proxy.url);
  await shown();
  await state('complete');
  assert.deepEqual(server.requests.map(({ kind }) => kind), ['stream', 'lookup']);
  server.headers = { 'Cache-Control': 'no-store, no-transform' };
  await shown();
  await state('running');
  assert.deepEqual(server.requests.slice(2).map(({ kind }) => kind), ['stream']);
  proxy.close();
});

test('an element shows what it is given, without asking anybody', async () => {
  await show('<task-status></task-status>', `document.querySelector('task-status').task = ${JSON.stringify(complete('vod:7'))}`);
  await state('complete');
  assert.equal(server.requests.length, 0);
});

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
