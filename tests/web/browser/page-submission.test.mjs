import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accessible } from '../support/browser.mjs';
import { open, server, settled, shows, tab } from '../support/page.mjs';
import { complete, json, object, problem, report, said, silence, stream, task } from '../support/scripted-server.mjs';

const ALLOWED = {
  products: ['cdn', 'dcdn', 'vod'], submit: true, actions: ['refresh', 'preload'], quota: true, stream: true, objectLookup: false, history: false, checks: [],
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
