import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accessible, kept } from '../support/browser.mjs';
import { ASKED, EVERYTHING, asked, failing, open, server, settled, shows } from '../support/page.mjs';
import {
  at, complete, json, object, over, problem, said, silence, stream, task, until,
} from '../support/scripted-server.mjs';

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
