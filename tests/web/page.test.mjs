import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { accessible, kept, launched, rowsOf } from './browser.mjs';
import {
  ScriptedServer, at, comment, complete, cut, gate, json, object, over, problem, report, said, silence, stream, task, until, updated,
} from './scripted-server.mjs';

/** As the service sends it. */
const POLICY = { 'Content-Security-Policy': process.env.PAGE_POLICY ?? "default-src 'self'; img-src data:" };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };

let browser;
let server;
let tab;

before(async () => (browser = await launched()));
after(() => browser.close());
beforeEach(async () => (server = await ScriptedServer.started(POLICY)));
afterEach(async () => {
  await server.close();
  await tab?.close();
});

async function open(query = '', options = {}) {
  tab = await browser.open(server.url + query, options);
  return tab.page;
}
/** What was asked besides what the caller may do. */
const asked = () => server.requests.filter(({ kind }) => kind !== 'capabilities');
const shows = (page, text) => page.getByText(text, { exact: true }).first().waitFor();
const failing = [object('http://img.example.com/新品/海报 1.jpg', 'failed', 25), object('http://img.example.com/b.jpg', 'complete', 100)];

/** Every kind of row at once. */
const EVERYTHING = {
  tasks: [
    task('cdn:24840', { progress: 74.68, objects: [...failing, object('http://img.example.com/c.jpg', 'running', 99.05)] }),
    complete('dcdn:113681', { action: 'preload', objectType: 'preload' }),
    task('vod:704225667', { status: 'failed', done: true, progress: 25, objects: failing.slice(0, 1) }),
    task('cdn:31000001', { status: 'pending', progress: 0 }),
    task('dcdn:31000002', { progress: null, stale: true, objectType: 'directory' }),
    task('cdn:5', { status: 'unknown', progress: null }),
    task('cdn:6', { status: 'complete', progress: 100 }),
    task('cdn:7', { status: 'a-new-word', action: 'purge-all', progress: null, objects: [] }),
  ],
  notFound: [{ id: '998', products: ['cdn', 'dcdn', 'vod'], mayAppear: false }, { id: 'cdn:999', products: ['cdn'], mayAppear: true }],
  undecided: [{ id: 'vod:12', products: ['vod'] }],
  problems: [{ product: 'vod', reason: 'throttled', retryAfter: 2, requestIds: [] }],
};
const ASKED = '?taskId=24840,113681,704225667,31000001,31000002,5,6,7,998,cdn:999,vod:12';

test('bars move to a hundred while one watches, and the outcome is told', async () => {
  const [first, second] = [gate(), gate()];
  server.on('stream', stream(
    said({ tasks: [task('cdn:1', { progress: 12.5 }), task('cdn:2', { status: 'pending', progress: 0 })] }), first,
    updated({ tasks: [task('cdn:1', { progress: 60, checkedAt: 20 }), complete('cdn:2')] }, 'v2'), second,
    updated({ tasks: [complete('cdn:1')] }, 'v3'), over,
  ));
  const page = await open('?taskId=cdn:1,cdn:2');
  await shows(page, '0 of 2 finished');
  assert.match(await page.title(), /^6 % · /);
  first.open();
  await shows(page, '1 of 2 finished');
  second.open();
  await shows(page, '2 of 2 finished');
  const rows = await rowsOf(page);
  assert.deepEqual(rows.map(({ id, state, figure, now }) => [id, state, figure, now]), [['cdn:1', 'Complete', '100 %', '100'], ['cdn:2', 'Complete', '100 %', '100']]);
  assert.equal(await page.locator('#whole').evaluate((bar) => bar.value), 100);
  assert.equal(asked().length, 1);
  assert.deepEqual(tab.faults, []);
});

test('the whole bar is full only when everything succeeded', async () => {
  const undecided = { undecided: [{ id: 'vod:2', products: ['vod'] }], problems: [{ product: 'vod', reason: 'denied', requestIds: [] }] };
  server.on('stream', stream(said({ tasks: [complete('cdn:1')], ...undecided }), over), stream(said({ tasks: [complete('cdn:1'), complete('cdn:2', { done: false })] }), silence));
  for (const [query, summary, value] of [['?taskId=cdn:1,vod:2', '1 of 2 finished · 1 out of reach', 50], ['?taskId=cdn:1,cdn:2', '1 of 2 finished', 99]]) {
    const page = await settled(query);
    await shows(page, summary);
    assert.equal(await page.locator('#whole').evaluate((bar) => bar.value), value);
    assert.match(await page.title(), new RegExp(`^${value} % · `));
    await tab.close();
  }
});

test('what failed is named with its reason, in both languages', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1', { status: 'failed', done: true, progress: 62.5, objects: failing })] }), over));
  let [row] = await rowsOf(await settled('?taskId=1'));
  assert.deepEqual(row.failures, [['http://img.example.com/新品/海报 1.jpg', 'the origin timed out · Origin Timeout']]);
  assert.deepEqual([row.state, row.text], ['Failed', 'Failed, 62.5 %']);
  assert.match(row.facts, /^Refresh · files · Nov 22, 2026, 3:31.AM · 1 of 2 complete · 1 failed$/);
  await tab.close();
  [row] = await rowsOf(await settled('?taskId=1', { locale: 'zh-CN' }));
  assert.deepEqual([row.state, row.failures[0][1], row.facts], ['失败', '源站超时 · Origin Timeout', '刷新 · 文件 · 2026年11月22日 03:31 · 已完成 1 / 2 · 1 个失败']);
});

async function settled(query, options) {
  const page = await open(query, options);
  await page.locator('task-status[data-state]:not([data-state=asking])').first().waitFor();
  return page;
}

for (const [language, locale, expected] of [
  ['English', 'en-GB', ['Task status', 'Show', '2 of 11 finished · 1 failed · 2 not found · 1 out of reach', 'VOD: too many calls', 'Making sure that nothing is missing']],
  ['Chinese', 'zh-TW', ['任务状态', '查询', '已结束 2 / 11 · 1 个失败 · 2 个未找到 · 1 个无法查询', 'VOD: 调用过于频繁', '正在确认没有遗漏']],
]) {
  test(`everything that can be said is said in ${language}, and shuts nobody out by day, by night or on a phone`, async () => {
    server.on('stream', stream(said(EVERYTHING), silence));
    for (const [name, options] of Object.entries({ day: {}, night: { colorScheme: 'dark' }, phone: PHONE })) {
      const page = await settled(ASKED, { locale, ...options });
      for (const text of expected) await shows(page, text);
      const rows = await rowsOf(page);
      assert.equal(rows.length, 11);
      if (locale === 'en-GB') assert.deepEqual(rows.map(({ state }) => state), STATES);
      await page.locator('task-status').first().locator('summary').click();
      await accessible(page);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, 'nothing sticks out sideways');
      assert.equal(await page.evaluate(() => document.documentElement.lang), locale === 'en-GB' ? 'en' : 'zh-CN');
      await kept(page, `${language}-${name}`);
      assert.deepEqual(tab.faults, []);
      await tab.close();
    }
  });
}
const STATES = ['Running', 'Complete', 'Failed', 'Pending', 'Running', 'Unknown', 'Confirming', 'Unknown', 'Out of reach', 'Not found', 'Not visible yet'];

test('what is stale, missing, young or out of reach is told apart', async () => {
  server.on('stream', stream(said(EVERYTHING), silence));
  const notes = (await rowsOf(await settled(ASKED))).slice(4).map(({ note }) => note);
  assert.deepEqual(notes, [
    'As of 3:33:10 AM; could not be checked since', '', 'Making sure that nothing is missing', '',
    'Could not be asked: VOD (too many calls)', 'No product knows it: it never existed, or is older than three days.',
    'New tasks can take a minute to become visible.',
  ]);
});

test('a stream that breaks is resumed without a flash', async () => {
  const breaking = gate();
  server.on('stream',
    stream(said({ tasks: [task('cdn:1', { progress: 40 })] }), breaking, cut),
    stream(comment, updated({ tasks: [task('cdn:1', { progress: 70, checkedAt: 20 })] }, 'v2'), silence));
  const page = await settled('?taskId=cdn:1');
  await page.evaluate(() => {
    globalThis.changed = new Set();
    const element = document.querySelector('task-status');
    const seen = new MutationObserver((list) => {
      for (const { target, type, oldValue } of list) if (type === 'childList' || oldValue !== target.dataset.state) changed.add(target.className || target.id);
    });
    for (const target of [document.querySelector('#rows'), element, element.shadowRoot.querySelector('article')]) {
      seen.observe(target, { subtree: true, childList: true, attributeFilter: ['data-state'], attributeOldValue: true });
    }
  });
  breaking.open();
  await shows(page, '70 %');
  assert.deepEqual(await page.evaluate(() => [...changed]), ['figure']);
  assert.equal(server.of('stream')[1].headers['last-event-id'], 'v1');
});

test('a product that is throttled for a while leaves the bar where it was', async () => {
  const { problems } = EVERYTHING;
  const [trouble, relief] = [gate(), gate()];
  server.on('stream', stream(
    said({ tasks: [task('vod:1', { progress: 40 })] }), trouble,
    updated({ undecided: [{ id: 'vod:1', products: ['vod'] }], problems }, 'v2'), relief,
    updated({ tasks: [complete('vod:1')] }, 'v3'), over));
  const page = await settled('?taskId=vod:1');
  trouble.open();
  await shows(page, 'VOD: too many calls');
  const [row] = await rowsOf(page);
  assert.deepEqual([row.state, row.now], ['Running', '40']);
  assert.match(row.note, /^As of/);
  relief.open();
  await shows(page, '100 %');
  assert.equal(await page.locator('#notes li').count(), 0);
});

test('a list is asked by what was written, moves where it moves, and goes on where it ended', async () => {
  server.on('list',
    json({ tasks: [], problems: [], nextPageToken: 'first' }),
    json({ tasks: [task('cdn:3'), complete('cdn:2')], problems: EVERYTHING.problems, nextPageToken: 'older' }),
    json({ tasks: [complete('cdn:1')], problems: [] }), json({ tasks: [], problems: [] }));
  server.on('stream', stream(said({ tasks: [task('cdn:3', { progress: 80, checkedAt: 20 })] }), silence));
  const page = await open('?status=bad');
  await shows(page, '80 %');
  await shows(page, 'VOD: too many calls · its tasks may be missing here');
  assert.equal(server.of('stream')[0].question.taskId, 'cdn:3');
  await page.getByRole('button', { name: 'Older tasks' }).click();
  await shows(page, '3 tasks, newest first');
  assert.deepEqual((await rowsOf(page)).map(({ id }) => id), ['cdn:3', 'cdn:2', 'cdn:1']);
  assert.equal(await page.getByRole('button', { name: 'Older tasks' }).isVisible(), false);
  assert.deepEqual(server.of('list').map(({ question }) => question), ['first', 'older'].reduce((list, pageToken) => [...list, { status: 'bad', pageToken }], [{ status: 'bad' }]));
  await page.getByLabel('Task ids, a URL or a domain').fill(' https://img.example.com/a,b.jpg ');
  await shows(page, 'a URL');
  await page.getByLabel('Created').selectOption('24');
  await page.getByRole('button', { name: 'Show' }).click();
  await shows(page, 'No task fits');
  const { startTime, ...question } = server.of('list')[3].question;
  assert.deepEqual(question, { objectPath: 'https://img.example.com/a,b.jpg', status: 'bad' });
  assert.ok(Math.abs(Date.now() - 86_400_000 - Date.parse(startTime)) < 10_000);
});

test('what is written is understood: ids, a domain, an object', async () => {
  server.on('list', json({ tasks: [], problems: [] }));
  const page = await open();
  const field = page.getByLabel('Task ids, a URL or a domain');
  for (const [text, meaning, filters] of [['24840 dcdn:1,,2', '3 ids', false], ['["24840，CDN：1"]、7；8', '4 ids', false], ['img.example.com', 'a domain', true], ['oss://pics/a.jpg', 'an object in OSS', false], ['', '', true]]) {
    await field.fill(text);
    assert.equal(await page.locator('#meaning').textContent(), meaning);
    assert.equal(await page.getByLabel('State').isEnabled(), filters);
  }
  await field.fill('oss://pics/a.jpg');
  await field.press('Enter');
  await until(() => server.of('list').length === 2);
  assert.deepEqual(server.of('list')[1].question, { object: 'oss://pics/a.jpg' });
});

test('an object is asked about again when its tasks are over and more must come', async () => {
  const refreshed = report({ tasks: [complete('cdn:1')] });
  const preloaded = report({ tasks: [complete('cdn:1'), complete('cdn:2', { action: 'preload' })] });
  server.on('list', json({ ...refreshed, summary: { ...refreshed.summary, done: false } }), json(preloaded));
  const page = await open('?object=oss://pics/a.jpg');
  await shows(page, 'One task');
  await shows(page, '2 tasks, newest first');
  assert.equal(server.of('list').length, 2);
});

test('the question stands in the address: a link asks it, and going back asks the one before', async () => {
  server.on('stream', stream(said({ tasks: [complete('cdn:1')] }), over), stream(said({ tasks: [complete('cdn:2')] }), over), stream(said({ tasks: [complete('cdn:1')] }), over));
  const page = await open('#taskId=cdn:1');
  await shows(page, 'cdn:1');
  await page.getByLabel('Task ids, a URL or a domain').fill('cdn:2');
  await page.keyboard.press('Enter');
  await shows(page, 'cdn:2');
  assert.equal(new URL(page.url()).search, '?taskId=cdn%3A2');
  await page.goBack();
  await shows(page, 'cdn:1');
  assert.equal(await page.getByLabel('Task ids, a URL or a domain').inputValue(), 'cdn:1');
});

test('a service that wants a token is given one, which stays in the tab', async () => {
  server.on('list', problem(401, 'missing-token'), problem(401, 'token-expired'), json({ tasks: [complete('cdn:1')], problems: [] }));
  const page = await open();
  await shows(page, 'This service needs a token');
  await accessible(page);
  await kept(page, 'token');
  await page.getByLabel('Token (kept').fill('old');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'The token has expired' }).waitFor();
  await page.getByLabel('Token (kept').fill(' new ');
  await page.getByRole('button', { name: 'Use it' }).click();
  await shows(page, 'cdn:1');
  assert.deepEqual(asked().map(({ headers }) => headers.authorization), [undefined, 'Bearer old', 'Bearer new']);
  assert.deepEqual(await page.evaluate(() => [Object.values(sessionStorage), localStorage.length, document.cookie]), [['new'], 0, '']);
  await page.getByRole('button', { name: 'Token' }).click();
  assert.equal(await page.locator('#token').inputValue(), '');
  await page.getByRole('button', { name: 'Forget it' }).click();
  await until(() => asked().length === 4);
  assert.equal(asked()[3].headers.authorization, undefined);
});

test('a token behind # is taken, used, and gone from the address and the history', async () => {
  server.on('stream', stream(said({ tasks: [complete('cdn:1')] }), over));
  const page = await open('?taskId=cdn:1#token=secret');
  await shows(page, 'cdn:1');
  assert.equal(server.requests[0].headers.authorization, 'Bearer secret');
  assert.equal(page.url().replace(/#$/, ''), `${server.url}?taskId=cdn:1`);
  assert.equal(await page.evaluate(() => history.length), 2);
});

test('texts of strangers stay texts', async () => {
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  const objects = [object(evil, 'failed', 1, evil), object(evil, 'complete')];
  server.on('stream', stream(said({ tasks: [task('cdn:1', { status: evil, action: evil, objectType: evil, progress: null, objects: objects.slice(1), objectCounts: { total: 2, failed: 1 } }), task('cdn:2', { objects })] }), silence));
  const page = await settled('?taskId=1,2');
  const rows = await rowsOf(page);
  assert.equal(rows[1].failures[0][0], evil);
  assert.equal(await page.evaluate(() => [...document.querySelectorAll('task-status')].reduce((count, { shadowRoot }) => count + shadowRoot.querySelectorAll('img, script').length, 0)), 0);
  assert.match(await page.title(), /Task status$/);
  assert.deepEqual(tab.faults, []);
});

test('a big task is folded, and shows more when it is asked to', async () => {
  const many = (count) => Array.from({ length: count }, (_, at) => object(`http://img.example.com/${at}.jpg`, 'complete', 100));
  server.on('stream',
    stream(said({ tasks: [complete('cdn:1', { objects: many(20), objectsOmitted: 1980 })] }), over),
    stream(said({ tasks: [complete('cdn:1', { objects: many(200), objectsOmitted: 1800 })] }), over));
  const page = await settled('?taskId=cdn:1');
  assert.equal(await page.locator('task-status .objects li').count(), 0, 'nothing is made that nobody looks at');
  await page.getByText('2000 objects').click();
  await page.waitForFunction(() => document.querySelector('task-status').shadowRoot.querySelectorAll('.objects li').length === 20);
  await page.getByRole('button', { name: 'Show more (1980 hidden)' }).click();
  await shows(page, 'Show more (1800 hidden)');
  assert.equal(await page.locator('task-status .objects li').count(), 200);
  assert.deepEqual(server.of('stream').map(({ question }) => question.objects), ['20', '200']);
});

test('quotas are asked for when somebody wants to see them', async () => {
  const quotas = [['cdn', 'url', 10000, 9998], ['vod', 'block', null, null], ['dcdn', 'preload', 500, 0]];
  server.on('list', json({ tasks: [], problems: [] }));
  server.on('quota', json({ quotas: quotas.map(([product, kind, quota, remaining]) => ({ product, kind, quota, remaining })), checkedAt: at(1), problems: [{ product: 'dcdn', reason: 'not-activated', requestIds: [] }] }), problem(403, 'forbidden'));
  const page = await open();
  assert.equal(server.of('quota').length, 0);
  await page.getByText('Quota left today').click();
  await shows(page, '9,998 / 10,000');
  assert.equal(await page.locator('#left').innerText(), 'CDN · URLs\n9,998 / 10,000\nVOD · block\n? / ?\nDCDN · prefetches\n0 / 500 · used up\n\nDCDN: not activated');
  await accessible(page);
  await page.getByText('Quota left today').click();
  await page.getByText('Quota left today').click();
  await shows(page, 'The token does not allow this');
});

const ALLOWED = {
  products: ['cdn', 'dcdn', 'vod'], submit: true, actions: ['refresh', 'preload'], quota: true, stream: true, objectLookup: false,
  objectTypes: { cdn: { refresh: ['file', 'directory'], preload: ['file'] }, dcdn: { refresh: ['file', 'directory'] } },
};
const submitted = (...ids) => ({ tasks: ids.map((id) => ({ id, product: 'cdn', taskId: id.slice(4), action: 'refresh', objectType: 'file' })), rejected: [] });
const LEFT = { quotas: [['cdn', 'url', 100, 1], ['dcdn', 'directory', 100, 50]].map(([product, kind, quota, remaining]) => ({ product, kind, quota, remaining })), problems: [] };

test('there is a form to submit only where service and token allow it', async () => {
  server.on('list', json({ tasks: [complete('cdn:1', { status: 'failed' })], problems: [] }));
  for (const answer of [json({ ...ALLOWED, submit: false }), problem(404, 'not-found'), problem(401, 'missing-token')]) {
    server.answers('capabilities', answer);
    const page = await settled('');
    assert.equal(await page.getByRole('button', { name: 'New task' }).isVisible(), false);
    assert.equal(await page.getByRole('button', { name: 'Refresh again' }).count(), 0);
    await tab.close();
  }
});

test('URLs are submitted once, and their tasks are followed', async () => {
  server.on('list', json({ tasks: [], problems: [] })).on('capabilities', json(ALLOWED)).on('quota', json(LEFT));
  server.on('submit', problem(503, 'throttled'), json(submitted('cdn:7', 'cdn:8'), {}, 202));
  server.on('stream', stream(said({ tasks: [task('cdn:7'), task('cdn:8')] }), silence));
  const page = await open();
  await page.getByRole('button', { name: 'New task' }).click();
  await page.locator('#toProduct').selectOption('dcdn');
  assert.deepEqual(await page.locator('#toAction').innerText(), 'Refresh', 'each product offers what it can do');
  await page.locator('#toProduct').selectOption('cdn');
  await page.getByLabel('URLs, one on a line').fill(' https://a.example/1,2 \n\nhttps://a.example/3\r\nhttps://a.example/3\n');
  await shows(page, '2 URLs · left today: 1 / 100 · nearly used up · more than are left');
  await accessible(page);
  await page.getByRole('button', { name: 'Submit' }).click();
  await shows(page, 'too many calls');
  await page.getByRole('button', { name: 'Submit' }).click();
  await shows(page, '0 of 2 finished');
  assert.equal(new URL(page.url()).search, '?taskId=cdn%3A7%2Ccdn%3A8');
  const [first, second] = server.of('submit');
  assert.deepEqual(first.question, { action: 'refresh', product: 'cdn', objectType: 'file', objectPaths: ['https://a.example/1,2', 'https://a.example/3'] });
  assert.match(first.headers['idempotency-key'], /^[0-9a-f]{32}$/);
  assert.equal(second.headers['idempotency-key'], first.headers['idempotency-key'], 'what may have arrived is not submitted twice');
});

test('what is refused stays in the form with its reason, and what was accepted is followed', async () => {
  const rejected = [{ objectPaths: ['https://b.example/2'], reason: 'domain-not-found', vendorCode: 'InvalidDomain.NotFound' }];
  server.on('list', json({ tasks: [], problems: [] })).on('capabilities', json(ALLOWED)).on('quota', problem(403, 'forbidden'));
  server.on('submit', problem(422, 'domain-not-found', { rejected }), json({ ...submitted('cdn:7'), rejected }, {}, 202));
  server.on('stream', stream(said({ tasks: [task('cdn:7')] }), silence));
  const page = await open('', { locale: 'zh-CN' });
  await page.getByRole('button', { name: '新建任务' }).click();
  await page.locator('#toAction').selectOption('preload');
  await page.locator('#urls').fill('https://a.example/1\nhttps://b.example/2');
  await page.getByRole('button', { name: '提交' }).click();
  await shows(page, '该域名不属于此账号 · InvalidDomain.NotFound · https://b.example/2');
  await page.getByRole('button', { name: '提交' }).click();
  await page.locator('#summary').filter({ hasText: '进行中' }).waitFor();
  assert.equal(await page.locator('#urls').inputValue(), 'https://b.example/2');
  const [first, second] = server.of('submit');
  assert.deepEqual([first.question.action, first.question.objectType], ['preload', 'file']);
  assert.notEqual(second.headers['idempotency-key'], first.headers['idempotency-key']);
  await accessible(page);
});

test('what failed can be done again, all of it, after a look at it', async () => {
  const rows = [object('http://a.example/1', 'failed'), object('http://a.example/2', 'timeout')];
  const failed = task('dcdn:1', { status: 'failed', done: true, objectType: 'directory', objects: rows.slice(0, 1), objectsOmitted: 1 });
  server.on('capabilities', json(ALLOWED)).on('quota', json(LEFT));
  server.on('list', json({ tasks: [failed, complete('cdn:2'), task('vod:3', { status: 'failed', done: true })], problems: [] }));
  server.on('lookup', json(report({ tasks: [task('dcdn:1', { objects: [...rows, object('http://a.example/3', 'complete')] })] })));
  const page = await settled('');
  await page.getByRole('button', { name: 'Refresh again dcdn:1' }).click();
  await page.getByRole('heading', { name: 'New task' }).waitFor();
  const values = () => Promise.all(['toProduct', 'toAction', 'toType', 'urls'].map((id) => page.locator(`#${id}`).inputValue()));
  assert.deepEqual(await values(), ['dcdn', 'refresh', 'directory', 'http://a.example/1\nhttp://a.example/2']);
  await shows(page, '2 URLs · left today: 50 / 100');
  assert.equal(server.of('submit').length, 0);
  assert.equal(await page.getByRole('button', { name: 'again' }).count(), 1, 'not what worked, nor what may not be submitted');
});

test('ids and URLs can be copied, and a task has an address of its own', async () => {
  server.on('list', json({ tasks: [task('cdn:1', { done: true, objects: failing }), complete('cdn:2')], problems: [] }));
  server.on('stream', stream(said({ tasks: [complete('cdn:2')] }), over));
  const page = await settled('');
  const text = () => page.evaluate(() => navigator.clipboard.readText());
  await tab.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy id cdn:1' }).click();
  await shows(page, 'Copied');
  assert.equal(await text(), 'cdn:1');
  await page.getByRole('button', { name: 'Copy URLs cdn:1' }).click();
  await until(async () => (await text()) !== 'cdn:1');
  assert.deepEqual((await text()).split('\n'), failing.map(({ objectPath }) => objectPath));
  await page.getByRole('link', { name: 'Link cdn:2' }).click();
  await shows(page, 'Finished');
  assert.equal(new URL(page.url()).search, '?taskId=cdn%3A2');
});

test('states are counted, and a click shows those alone', async () => {
  const moved = gate();
  server.on('stream', stream(said(EVERYTHING), moved, updated({ ...EVERYTHING, tasks: [task('cdn:24840', { status: 'failed', done: true, checkedAt: 20 })] }, 'v2'), silence));
  const page = await settled(ASKED);
  const chips = () => page.locator('.chip').allTextContents();
  const visible = () => page.locator('task-status:visible').evaluateAll((elements) => elements.map(({ report }) => [...report.tasks, ...report.notFound, ...report.undecided][0].id));
  assert.deepEqual(await chips(), ['Running 2', 'Complete 1', 'Failed 1', 'Pending 1', 'Unknown 2', 'Confirming 1', 'Out of reach 1', 'Not found 1', 'Not visible yet 1']);
  await page.getByRole('button', { name: 'Failed 1' }).click();
  await page.getByRole('button', { name: 'Not found 1' }).click();
  assert.deepEqual(await visible(), ['vod:704225667', '998']);
  assert.equal(await page.getByRole('button', { name: 'Failed 1', pressed: true }).count(), 1);
  moved.open();
  await shows(page, 'Failed 2');
  assert.deepEqual(await visible(), ['cdn:24840', 'vod:704225667', '998']);
  await accessible(page);
  await page.getByRole('button', { name: 'Failed 2' }).click();
  await page.getByRole('button', { name: 'Not found 1' }).click();
  assert.equal((await visible()).length, 11);
});

test('a list is narrowed by action, object type and a time range of one\'s own, and its address says so', async () => {
  server.on('list', json({ tasks: [], problems: [] }));
  const page = await open('', { timezoneId: 'Asia/Shanghai' });
  await page.locator('#action').selectOption('preload');
  await page.locator('#objectType').selectOption('directory');
  assert.equal(await page.locator('#startTime').isVisible(), false);
  await page.getByLabel('Created').selectOption('own');
  await page.locator('#startTime').fill('2026-11-22T08:00');
  await page.locator('#endTime').fill('2026-11-23T08:00');
  await page.getByRole('button', { name: 'Show' }).click();
  await server.came('list', 2);
  const question = { action: 'preload', objectType: 'directory', startTime: '2026-11-22T00:00:00.000Z', endTime: '2026-11-23T00:00:00.000Z' };
  assert.deepEqual(server.of('list')[1].question, question);
  await page.reload();
  await server.came('list', 3);
  assert.deepEqual(server.of('list')[2].question, question);
  assert.equal(await page.locator('#startTime').inputValue(), '2026-11-22T08:00');
});

test('a list says how old it is, and is renewed without a flash', async () => {
  const second = gate();
  server.on('list', json({ tasks: [complete('cdn:1')], problems: [] }), async (response) => {
    await second();
    json({ tasks: [complete('cdn:2'), complete('cdn:1')], problems: [] })(response);
  });
  const page = await settled('');
  assert.match(await page.locator('#asof').textContent(), /^As of \d/);
  await page.evaluate(() => (globalThis.first = document.querySelector('task-status')));
  await page.getByRole('button', { name: 'Renew' }).click();
  await server.came('list', 2);
  assert.equal(await page.locator('task-status').count(), 1, 'what is known stays until there is an answer');
  second.open();
  await shows(page, '2 tasks, newest first');
  assert.equal(await page.evaluate(() => document.querySelectorAll('task-status')[1] === globalThis.first), true);
});

test('what is shown can be taken away as CSV, with all its objects and no formulas', async () => {
  const objects = [object('=cmd|/c calc!A1', 'failed', 25, 'other'), object('http://a.example/"x",y', 'complete', 100)];
  server.on('stream', stream(said({ tasks: [task('cdn:1', { objects: objects.slice(0, 1), objectsOmitted: 1, action: '@evil' }), complete('cdn:2')], notFound: [{ id: '998', products: ['cdn'], mayAppear: false }] }), silence));
  server.on('lookup', json(report({ tasks: [task('cdn:1', { objects, action: '@evil' })] })));
  const page = await settled('?taskId=1,2,998');
  await page.getByRole('button', { name: 'Complete 1' }).click();
  await page.getByRole('button', { name: 'Complete 1' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()]);
  assert.equal(download.suggestedFilename(), 'tasks.csv');
  const lines = (await readFile(await download.path(), 'utf8')).split('\r\n');
  assert.equal(server.of('lookup')[0].question.objects, '20000');
  assert.deepEqual(lines, [
    '\ufeffid,product,action,objectType,createdAt,status,objectPath,objectStatus,rawStatus,progress,reason,message',
    "cdn:1,cdn,'@evil,file,2026-11-22T03:31:00Z,running,'=cmd|/c calc!A1,failed,failed,25,other,Origin Timeout",
    "cdn:1,cdn,'@evil,file,2026-11-22T03:31:00Z,running,\"http://a.example/\"\"x\"\",y\",complete,complete,100,,",
    'cdn:2,cdn,refresh,file,2026-11-22T03:31:00Z,complete,http://img.example.com/2.jpg,complete,complete,100,,',
    '998,,,,,not-found,,,,,,', '',
  ]);
  assert.deepEqual(tab.faults, []);
});

test('what is opened closes by Escape and by a click beside it', async () => {
  server.on('list', json({ tasks: [], problems: [] })).on('quota', json(LEFT)).on('capabilities', json(ALLOWED));
  const page = await open();
  const left = page.locator('#left');
  for (const close of [() => page.keyboard.press('Escape'), () => page.mouse.click(5, 5)]) {
    await page.getByText('Quota left today').click();
    await left.getByText('nearly used up').waitFor();
    await close();
    await left.waitFor({ state: 'hidden' });
    for (const name of ['Token', 'New task']) {
      await page.getByRole('button', { name }).click();
      await page.locator('dialog[open]').waitFor();
      await close();
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
    }
  }
});

test('with forced colours everything can still be told apart', async () => {
  server.on('stream', stream(said(EVERYTHING), silence));
  const page = await settled(ASKED, { forcedColors: 'active' });
  await page.locator('.chip').first().click();
  await accessible(page);
  const [pressed, other] = await page.locator('.chip').evaluateAll((chips) => chips.map((chip) => getComputedStyle(chip).backgroundColor));
  assert.notEqual(pressed, other);
  await kept(page, 'forced-colours');
});

test('every text that stands in the page has its Chinese', async () => {
  server.on('list', json({ tasks: [], problems: [] }));
  const page = await open('', { locale: 'zh-CN' });
  await page.locator('#summary').filter({ hasText: '没有符合的任务' }).waitFor();
  const texts = await page.locator('[data-t]').evaluateAll((elements) => elements.map(({ textContent }) => textContent));
  assert.deepEqual(texts.filter((text) => !/\p{Script=Han}/u.test(text)), []);
});

test('a question with faults is told all of them', async () => {
  const errors = [{ parameter: 'domainName', value: 'a/b', detail: 'it must be one domain name' }, { parameter: 'startTime', value: 'x', detail: 'too old' }];
  server.on('list', problem(400, 'invalid-request', { errors, detail: 'two faults' }));
  const page = await open('?domainName=a/b');
  await shows(page, 'The question has faults');
  assert.deepEqual(await page.locator('#notes li').allTextContents(), ['The question has faults', 'domainName (a/b): it must be one domain name', 'startTime (x): too old']);
  await accessible(page);
});

test('a service that goes away is told of, and what was known stays', async () => {
  const breaking = gate();
  server.on('stream', stream(said({ tasks: [task('cdn:1', { progress: 40 })] }), breaking, cut), problem(503, 'upstream-throttled'));
  const page = await settled('?taskId=cdn:1');
  breaking.open();
  await page.locator('#notes .grave').waitFor();
  const [{ now }] = await rowsOf(page);
  assert.equal(now, '40');
});

test('everything can be reached and done by keyboard', async () => {
  server.on('list', json({ tasks: [task('cdn:1', { done: true, objects: failing })], problems: [] }));
  const page = await settled('');
  const reached = [];
  for (let step = 0; step < 17; step += 1) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => {
      let active = document.activeElement;
      while (active.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active.id || active.className || active.textContent;
    }));
  }
  assert.deepEqual(reached, [
    'Quota left today', 'key', 'what', 'status', 'product', 'action', 'objectType', 'since', 'main', 'renew', 'export', 'summary', 'Copy id',
    'Copy URLs', 'Link', 'API description', 'JavaScript client',
  ]);
});
