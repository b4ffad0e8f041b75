import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accessible, kept, rowsOf } from '../support/browser.mjs';
import { ASKED, EVERYTHING, asked, failing, open, server, settled, shows, tab } from '../support/page.mjs';
import {
  comment, complete, cut, gate, object, over, problem, said, silence, stream, task, updated,
} from '../support/scripted-server.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };

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

test('case F1: the whole bar is full only when everything succeeded', async () => {
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

test('a service that goes away is told of, and what was known stays', async () => {
  const breaking = gate();
  server.on('stream', stream(said({ tasks: [task('cdn:1', { progress: 40 })] }), breaking, cut), problem(503, 'upstream-throttled'));
  const page = await settled('?taskId=cdn:1');
  breaking.open();
  await page.locator('#notes .grave').waitFor();
  const [{ now }] = await rowsOf(page);
  assert.equal(now, '40');
});
