import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accessible } from '../support/browser.mjs';
import { server, settled, shows } from '../support/page.mjs';
import { complete, gate, json, object, problem } from '../support/scripted-server.mjs';

const ALLOWED = {
  products: ['cdn'], submit: false, actions: [], objectTypes: {}, quota: true, stream: true, objectLookup: false, history: false,
  checks: ['img.example.com', 'xn--bcher-kva.example'],
};
const named = (name, ...paths) => complete(name, { objects: paths.map((path) => object(path, 'complete', 100)) });
const lists = (...tasks) => server.on('list', json({ tasks, problems: [] }));
const buttons = (page) => page.getByRole('button', { name: 'Is it fresh?' });

test('a task whose URL may be checked has a button that tells what is so', async () => {
  const waiting = gate();
  lists(named('cdn:1', 'http://other.example/a', 'http://img.example.com/b'), named('cdn:2', 'http://other.example/a'));
  server.on('capabilities', json(ALLOWED));
  server.on('checks', async (response) => {
    await waiting();
    json({ fresh: false, finding: 'task-older-than-change' })(response);
  }, json({ fresh: true, finding: 'fresh' }), json({ fresh: null, finding: 'a-new-word' }), problem(429, 'too-many-requests'));
  const page = await settled('');
  const button = buttons(page);
  assert.equal(await button.count(), 1);
  assert.equal(await button.getAttribute('aria-label'), 'Is it fresh? cdn:1');
  await button.click();
  await page.locator('output', { hasText: 'Asking…' }).waitFor();
  assert.equal(await button.isDisabled(), true);
  waiting.open();
  await shows(page, 'Old; changed after its refresh · http://img.example.com/b');
  await accessible(page);
  for (const text of ['Fresh', 'a-new-word', 'It is too-many-requests']) {
    await button.click();
    await shows(page, `${text} · http://img.example.com/b`);
  }
  assert.deepEqual(server.of('checks')[0].question, { url: 'http://img.example.com/b' });
});

test('it is said in Chinese, too', async () => {
  lists(named('cdn:1', 'http://img.example.com/b'));
  server.on('capabilities', json(ALLOWED)).on('checks', json({ fresh: false, finding: 'stale-at-edge' }));
  const page = await settled('', { locale: 'zh-CN' });
  await page.getByRole('button', { name: '是最新的吗？' }).click();
  await shows(page, '已刷新，但仍是旧内容 · http://img.example.com/b');
  await accessible(page);
});

test('there is no button where nothing may be checked, or where there is no URL', async () => {
  const paths = { directory: 'http://img.example.com/b/', regex: 'http://img.example.com/.*' };
  const types = Object.entries(paths).map(([objectType, path], at) => ({ ...named(`cdn:${at}1`, path), objectType }));
  lists(...types, named('cdn:3', 'img.example.com/b'));
  server.on('capabilities', json(ALLOWED));
  assert.equal(await buttons(await settled('')).count(), 0);
});

test('an older service offers no checks', async () => {
  lists(named('cdn:1', 'http://img.example.com/b'));
  server.on('capabilities', json({ ...ALLOWED, checks: undefined }));
  assert.equal(await buttons(await settled('')).count(), 0);
});
