import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { accessible, rowsOf } from '../support/browser.mjs';
import { ASKED, EVERYTHING, asked, failing, open, server, settled, shows, tab } from '../support/page.mjs';
import {
  complete, gate, json, object, over, problem, report, said, silence, stream, task, until, updated,
} from '../support/scripted-server.mjs';

test('a list is asked by what was written, moves where it moves, and goes on where it ended', async () => {
  server.on('list',
    json({ tasks: [], problems: [], nextPageToken: 'first' }),
    json({ tasks: [task('cdn:3'), complete('cdn:2')], problems: EVERYTHING.problems, nextPageToken: 'older' }),
    json({ tasks: [complete('cdn:1')], problems: [] }), json({ tasks: [], problems: [] }));
  server.on('stream', stream(said({ tasks: [task('cdn:3', { progress: 80, checkedAt: 20 })] }), silence));
  const page = await open('?status=bad');
  await shows(page, '80 %');
  await shows(page, 'VOD: too many calls · its tasks may be missing here');
  await page.getByRole('button', { name: 'Renew' }).waitFor();
  assert.equal(server.of('stream')[0].question.taskId, 'cdn:3');
  await page.getByRole('button', { name: 'Older tasks' }).click();
  await shows(page, '3 tasks, newest first');
  assert.deepEqual((await rowsOf(page)).map(({ id }) => id), ['cdn:3', 'cdn:2', 'cdn:1']);
  assert.equal(await page.getByRole('button', { name: 'Older tasks' }).isVisible(), false);
  assert.deepEqual(server.of('list').map(({ question }) => question), ['first', 'older'].reduce((list, pageToken) => [...list, { status: 'bad', pageToken }], [{ status: 'bad' }]));
  await page.getByLabel('Task ids, a URL or a domain').fill(' https://img.example.com/a,b.jpg ');
  await shows(page, 'a URL');
  await page.getByLabel('Created').selectOption('24');
  const before = Date.now();
  await page.getByRole('button', { name: 'Show' }).click();
  await shows(page, 'No task fits');
  const { startTime, ...question } = server.of('list')[3].question;
  assert.deepEqual(question, { objectPath: 'https://img.example.com/a,b.jpg', status: 'bad' });
  const since = Date.parse(startTime) + 86_400_000;
  assert.ok(before <= since && since <= Date.now());
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

test('a product in trouble is not asked again and again for a list, unless somebody wants to', async () => {
  server.on('list', json({ tasks: [], problems: EVERYTHING.problems, nextPageToken: 'rest' }), json({ tasks: [complete('vod:1')], problems: [] }));
  const page = await open();
  await shows(page, 'VOD: too many calls · its tasks may be missing here');
  await shows(page, 'No task fits');
  assert.equal(server.of('list').length, 1);
  await page.getByRole('button', { name: 'Older tasks' }).click();
  await shows(page, 'One task');
  assert.equal(server.of('list')[1].question.pageToken, 'rest');
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

test('a list is narrowed to the products that the service offers, and to any that the address names', async () => {
  const offered = gate();
  server.on('capabilities', async (response) => {
    await offered();
    json({ products: ['cdn', 'esa'], submit: false, actions: [], objectTypes: {}, quota: true })(response);
  });
  server.on('list', json({ tasks: [], problems: [] }));
  const page = await open('?product=esa&objectType=a-new-kind');
  await shows(page, 'No task fits');
  offered.open();
  await page.locator('#product').getByText('CDN').waitFor({ state: 'attached' });
  assert.deepEqual(await page.locator('#product option').allTextContents(), ['All', 'CDN', 'ESA']);
  await page.getByRole('button', { name: 'Show' }).click();
  await server.came('list', 2);
  await page.goto(`${server.url}?product=vod`);
  await server.came('list', 3);
  await page.locator('#product').getByText('ESA').waitFor({ state: 'attached' });
  assert.equal(await page.locator('#product').inputValue(), 'vod');
  const narrowed = { product: 'esa', objectType: 'a-new-kind' };
  assert.deepEqual(server.of('list').map(({ question }) => question), [narrowed, narrowed, { product: 'vod' }]);
});

test('a page for uploads is linked to where there is one', async () => {
  server.on('list', json({ tasks: [], problems: [] }));
  const page = await open();
  await shows(page, 'No task fits');
  assert.equal(await page.getByRole('link', { name: 'Upload a file' }).isVisible(), false);
  server.on('capabilities', json({ products: [], submit: false, objectTypes: {}, quota: true, uploadUrl: 'https://www.example.com/upload' }));
  await page.reload();
  await page.getByRole('link', { name: 'Upload a file' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Upload a file' }).getAttribute('href'), 'https://www.example.com/upload');
  await accessible(page);
});

test('where the service keeps a history a list goes back a month, and nowhere else', async () => {
  const allowed = { products: ['cdn'], submit: false, actions: [], objectTypes: {}, quota: true };
  server.on('list', json({ tasks: [], problems: [] }));
  server.on('capabilities', json({ ...allowed, history: false }), json({ ...allowed, history: true }));
  for (const history of [false, true]) {
    const page = await open();
    await page.locator('#product').getByText('CDN').waitFor({ state: 'attached' });
    assert.equal(await page.locator('#month').isDisabled(), !history);
    assert.equal(await page.locator('#month').evaluate((option) => option.hidden), !history);
    if (!history) continue;
    await page.getByLabel('Created').selectOption('30 days');
    await page.getByRole('button', { name: 'Show' }).click();
    await until(() => server.of('list').at(-1).question.startTime);
    const back = Date.now() - new Date(server.of('list').at(-1).question.startTime).getTime();
    assert.ok(Math.abs(back / 86_400_000 - 30) < 0.1);
  }
});

test('a task says how it concerns the URL that was asked for, and goes on saying so while it moves', async () => {
  const [directory, other] = [object('http://a.example/img/', 'running', 20), object('http://a.example/b/', 'running', 20)];
  const covering = task('cdn:1', { match: 'directory', objectType: 'directory', objects: [{ ...directory, match: 'directory' }, other] });
  server.on('list', json({ tasks: [covering, complete('cdn:2', { match: 'exact' }), complete('cdn:3', { match: 'regex', objectType: 'regex' })], problems: [] }));
  const moved = task('cdn:1', { objectType: 'directory', progress: 80, checkedAt: 20, objects: [object('http://a.example/img/', 'running', 80), other] });
  server.on('stream', stream(said({ tasks: [moved] }), silence));
  const page = await settled('?objectPath=http://a.example/img/1.jpg');
  await shows(page, '80 %');
  const facts = (await rowsOf(page)).map((row) => row.facts);
  assert.match(facts[0], / · a directory above the URL · 0 of 2 complete$/);
  assert.match(facts[1], / · this very URL · http:/);
  assert.match(facts[2], / · a pattern that matches the URL · http:/);
  await page.getByText('2 objects').click();
  await page.locator('.objects .verdict').first().waitFor({ state: 'visible' });
  assert.deepEqual(await page.locator('.objects .match').allTextContents(), ['a directory above the URL', '']);
  await accessible(page);
});

test('a URL without tasks is not the end where the same one with https has some', async () => {
  const other = 'https://img.example.com/a,b.jpg?c=d&e';
  server.on('list', json({ tasks: [], problems: [], otherScheme: other }), json({ tasks: [complete('cdn:1', { match: 'exact' })], problems: [] }));
  const page = await open('?objectPath=http%3A%2F%2Fimg.example.com%2Fa%2Cb.jpg%3Fc%3Dd%26e');
  await shows(page, 'This URL has no tasks, but this one has:');
  await accessible(page);
  await page.getByRole('link', { name: other }).click();
  await shows(page, 'One task');
  assert.deepEqual(server.of('list')[1].question, { objectPath: other });
  assert.equal(await page.locator('#otherScheme').isVisible(), false);
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
  assert.equal(await page.getByRole('button', { name: 'Renew' }).isEnabled(), false);
  second.open();
  await shows(page, '2 tasks, newest first');
  assert.equal(await page.evaluate(() => document.querySelectorAll('task-status')[1] === globalThis.first), true);
});

test('a list that could not be had for the moment can be asked for again', async () => {
  server.on('list', problem(504, 'deadline', { problems: EVERYTHING.problems }), json({ tasks: [complete('cdn:1')], problems: [] }));
  const page = await open();
  await shows(page, 'took too long');
  await accessible(page);
  await page.getByRole('button', { name: 'Renew' }).click();
  await shows(page, 'One task');
  assert.deepEqual(await page.locator('#notes li').allTextContents(), []);
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
