/** The real service over an emulated account: SERVICE_URL, EMULATOR_URL, and LISTED_PORT, whose origin may ask. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { TaskStatusClient } from '../../../functions/web/task-status.js';
import { accessible, kept, launched, rowsOf } from '../support/browser.mjs';
import { compressing } from '../support/compressing-proxy.mjs';
import { until } from '../support/scripted-server.mjs';

const { SERVICE_URL, EMULATOR_URL, LISTED_PORT } = process.env;
/** Old enough to be settled as soon as all its rows are over. */
const SETTLED = 120;

let browser;

before(async () => (browser = await launched()));
after(() => browser.close());

async function emulator(path, method = 'GET', body) {
  const response = await fetch(`${EMULATOR_URL}/_emulator/${path}`, { method, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.status === 204 ? null : response.json();
}

/** A task that is over after so many looks; `rows` are URLs, or rows with the end they come to. */
async function moving(product, rows, looks) {
  const transition = { by: 'reads', length: looks };
  const { taskId } = await emulator('tasks', 'POST', { product, rows, age: SETTLED, transition });
  return `${product}:${taskId}`;
}
const failing = (objectPath) => ({ objectPath, status: 'Failed', progress: 25, description: 'Origin Timeout' });
/** What a tab complained of, but for products that a busy machine did not ask within their deadline: that is answered 504. */
const faultsOf = ({ faults }) => faults.filter((fault) => !fault.includes('status of 504'));
const figures = (page) => rowsOf(page).then((rows) => rows.map(({ now }) => Number(now)));

async function foreign(port, id) {
  const markup = `<!doctype html><html lang="en"><title>Elsewhere</title><main><h1>Elsewhere</h1><task-status task-id="${id}" endpoint="${SERVICE_URL}"></task-status></main>
    <script type="module" src="${SERVICE_URL}task-status.js"></script>`;
  const host = createServer((_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(markup));
  host.listen(port, '127.0.0.1');
  await once(host, 'listening');
  return { url: `http://127.0.0.1:${host.address().port}/`, close: () => host.close() };
}

describe('the real service', { concurrency: true }, () => {
  test('bars move to their ends, across streams that the service ends, without a step back', async (t) => {
    const good = await moving('cdn', ['http://img.example.com/a.jpg', 'http://img.example.com/b.jpg'], 6);
    const bad = await moving('dcdn', ['http://img.example.com/c.jpg', failing('http://img.example.com/d.jpg')], 4);
    const tab = await browser.open(`${SERVICE_URL}?taskId=${good},${bad}`);
    t.after(tab.close);
    const { page } = tab;
    const asked = [];
    page.on('request', (request) => request.url().includes('/v1/') && asked.push(request.headers()['last-event-id']));
    await page.locator('task-status[data-state]:not([data-state=asking])').first().waitFor();
    await page.evaluate(() => {
      globalThis.lost = 0;
      new MutationObserver((list) => (globalThis.lost += list.reduce((sum, { removedNodes }) => sum + removedNodes.length, 0))).observe(document.querySelector('#rows'), { childList: true });
    });
    const seen = [];
    while (!(await page.getByText('2 of 2 finished · 1 failed').isVisible())) {
      seen.push(await figures(page));
      await sleep(50);
      assert.ok(seen.length < 600, 'it takes too long');
    }
    const [first, second] = await rowsOf(page);
    assert.deepEqual([first.state, first.figure, second.state], ['Complete', '100 %', 'Failed']);
    assert.deepEqual(second.failures, [['http://img.example.com/d.jpg', 'the origin timed out · Origin Timeout']]);
    const steps = seen.map(([figure]) => figure);
    assert.deepEqual(steps, steps.toSorted((one, other) => one - other));
    assert.ok(new Set(steps).size >= 3, `it moved by steps: ${[...new Set(steps)]}`);
    assert.equal(await page.evaluate(() => globalThis.lost), 0);
    assert.ok(asked.some(Boolean), 'a stream was resumed');
    await accessible(page);
    await kept(page, 'demo');
    assert.deepEqual(faultsOf(tab), []);
  });

  test('a product that is throttled for a while leaves its bar where it was', async (t) => {
    const task = await moving('vod', ['http://img.example.com/v.mp4', 'http://img.example.com/w.mp4'], 8);
    const tab = await browser.open(`${SERVICE_URL}?taskId=${task}`, { locale: 'zh-CN' });
    t.after(tab.close);
    const { page } = tab;
    await page.locator('task-status[data-state=running]').waitFor();
    await emulator('faults', 'POST', { action: 'vod', fault: { kind: 'throttle' } });
    await page.getByText('VOD: 调用过于频繁').waitFor({ timeout: 40_000 });
    const [{ now, state }] = await rowsOf(page);
    assert.ok(Number(now) > 0);
    assert.equal(state, '进行中');
    await emulator('faults?action=vod', 'DELETE');
    await page.locator('task-status[data-state=complete]').waitFor({ timeout: 40_000 });
  });

  test('a list can be narrowed to what failed, and quotas can be seen', async (t) => {
    await moving('dcdn', [failing('http://failing.example.com/x.jpg')], 0);
    const tab = await browser.open(`${SERVICE_URL}?domainName=failing.example.com&status=bad&since=24`);
    t.after(tab.close);
    const { page } = tab;
    // On a busy machine the lists may be cut off by their deadline; then a person renews them.
    await until(async () => {
      if (await page.locator('task-status[data-state=failed]').isVisible()) return true;
      return page.getByRole('button', { name: 'Renew' }).click().then(() => false);
    });
    assert.equal((await rowsOf(page))[0].failures[0][0], 'http://failing.example.com/x.jpg');
    await page.getByText('Quota left today').click();
    await page.getByText('CDN · URLs', { exact: true }).waitFor();
    assert.deepEqual(faultsOf(tab), []);
  });

  test('URLs are submitted from the page, and their task is followed to its end', async (t) => {
    const tab = await browser.open(`${SERVICE_URL}?taskId=cdn:24840`);
    t.after(tab.close);
    const { page } = tab;
    await page.getByRole('button', { name: 'New task' }).click();
    await page.getByLabel('URLs, one on a line').fill('https://img.example.com/new.jpg');
    await page.getByText(/^One URL · left today: [\d,]+ \/ [\d,]+$/).waitFor();
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.waitForURL(/\?taskId=cdn%3A(?!24840)\d+/);
    await page.locator('task-status[data-state=running], task-status[data-state=pending], task-status[data-state=complete]').waitFor();
    await page.getByText('https://img.example.com/new.jpg').first().waitFor();
    assert.deepEqual(faultsOf(tab), []);
  });

  test('another origin may show a task when it is listed, and asks by one URL', async (t) => {
    const host = await foreign(Number(LISTED_PORT), await moving('cdn', ['http://img.example.com/e.jpg'], 2));
    t.after(host.close);
    const tab = await browser.open();
    t.after(tab.close);
    const asked = [];
    tab.page.on('request', (request) => request.url().includes('/v1/') && asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await tab.page.goto(host.url);
    await tab.page.locator('task-status[data-state=complete]').waitFor({ timeout: 40_000 });
    assert.deepEqual([...new Set(asked)], ['POST /v1/tasks/query']);
    assert.deepEqual(faultsOf(tab), []);
  });

  test('another origin that is not listed gets neither the script nor an answer', async (t) => {
    const host = await foreign(0, 'cdn:24840');
    t.after(host.close);
    const tab = await browser.open(host.url);
    t.after(tab.close);
    await until(() => tab.faults.some((fault) => fault.includes('CORS')), 'a refusal by CORS');
    assert.equal(await tab.page.evaluate(() => customElements.get('task-status')), undefined);
    const refused = await tab.page.evaluate((url) => fetch(`${url}v1/tasks?taskId=cdn:24840`).catch((fault) => fault.name), SERVICE_URL);
    assert.equal(refused, 'TypeError');
  });

  test('a program waits until the first object failed, and is told of what may appear', async () => {
    const client = new TaskStatusClient(SERVICE_URL);
    const id = await moving('cdn', [failing('http://img.example.com/f.jpg'), { objectPath: 'http://img.example.com/g.jpg', status: 'Refreshing', progress: 50 }], 4);
    const { summary, tasks } = await client.wait(id, { until: 'failed', signal: AbortSignal.timeout(40_000) });
    assert.deepEqual([summary.done, tasks[0].status, tasks[0].objectCounts.failed], [false, 'running', 1]);
    const { notFound } = await client.lookup('cdn:99887766');
    assert.equal(notFound[0].mayAppear, true);
  });

  test('behind a proxy that compresses, tasks are followed by streams all the same', async (t) => {
    const proxy = await compressing(SERVICE_URL);
    t.after(proxy.close);
    const id = await moving('cdn', ['http://img.example.com/j.jpg'], 4);
    const last = await new TaskStatusClient(proxy.url).wait(id, { signal: AbortSignal.timeout(40_000) });
    assert.equal(last.summary.outcome, 'succeeded');
    assert.deepEqual([...new Set(proxy.accepted)], ['text/event-stream']);
  });

  test('where streams are kept back, the same tasks are followed by held requests and by polling', async () => {
    for (const timing of [{ start: 0.001, hold: 2 }, { start: 0.001, hold: 0.01, poll: 0.2 }]) {
      const id = await moving('cdn', ['http://img.example.com/i.jpg'], 3);
      const seen = [];
      const last = await new TaskStatusClient(SERVICE_URL, { timing }).wait(id, { onReport: ({ summary }) => seen.push(summary.progress) });
      assert.equal(last.summary.outcome, 'succeeded');
      assert.ok(seen.length > 1 && seen.at(-1) === 100);
    }
  });
});

test('who leaves costs the account nothing more', async () => {
  const id = await moving('cdn', [{ objectPath: 'http://img.example.com/h.jpg', status: 'Refreshing', progress: 50 }], 1);
  const stop = new AbortController();
  for await (const report of new TaskStatusClient(SERVICE_URL).watch(id)) if (report) break;
  stop.abort();
  await sleep(300);
  const before = (await emulator('calls')).length;
  await sleep(2500);
  assert.equal((await emulator('calls')).length, before);
});
