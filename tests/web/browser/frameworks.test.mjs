/** The element inside apps of other people's frameworks, bundled as they bundle. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { bundled } from '../apps/bundled.mjs';
import { launched } from '../support/browser.mjs';
import { ScriptedServer, complete, gate, over, said, silence, stream, task, updated } from '../support/scripted-server.mjs';

const IDS = Array.from({ length: 50 }, (_, at) => `cdn:${at + 1}`);

let browser;
let server;
let tab;

before(async () => (browser = await launched()));
after(() => browser.close());
beforeEach(async () => {
  server = await ScriptedServer.started();
  tab = await browser.open();
});
afterEach(async () => {
  await server.close();
  await tab.close();
});

async function shown(script) {
  const { page } = tab;
  const text = `<!doctype html><title>An app</title><script>ids = ${JSON.stringify(IDS)}</script><div id="app"></div><script type="module">${script}</script>`;
  await page.route('**/app.html', (route) => route.fulfill({ contentType: 'text/html', body: text }));
  await page.goto(`${server.url}app.html`);
  return page;
}
const inState = (page, state) => page.waitForFunction((sign) => document.querySelectorAll(`task-status[data-state=${sign}]`).length === 50, state);

for (const app of ['react.jsx', 'vue.js']) {
  test(`case F3: fifty elements with fifty functions in ${app} share one stream, and rendering again restarts nothing`, async () => {
    const end = gate();
    server.on('stream', stream(said({ tasks: IDS.map((id) => task(id)) }), end, updated({ tasks: IDS.map((id) => complete(id)) }, 'v2'), over));
    server.on('quota', (response) => response.end('{}'));
    const page = await shown(await bundled(app));
    await inState(page, 'running');
    assert.equal(await page.evaluate(() => fetch('/v1/quota').then(({ status }) => status)), 200, 'the browser has connections left for others');
    for (let count = 1; count <= 5; count += 1) {
      await page.evaluate(() => globalThis.render());
      await page.getByText(`Rendered ${count} times`).waitFor();
    }
    await page.evaluate(() => globalThis.reverse());
    await page.waitForFunction(() => document.querySelector('task-status').taskId === 'cdn:50');
    // Longer than an element waits before it looks at what a new function hands out.
    await page.waitForTimeout(1500);
    assert.deepEqual(server.of('stream').map(({ headers, open }) => [headers.authorization, open]), [['Bearer shared', true]]);
    end.open();
    await inState(page, 'complete');
    await page.waitForFunction(() => document.querySelector('#ended').textContent.split(' ').length === 50);
    await page.evaluate(() => globalThis.reverse());
    await page.waitForFunction(() => document.querySelector('task-status').taskId === 'cdn:1');
    await page.waitForTimeout(50);
    assert.equal((await page.locator('#ended').innerText()).split(' ').length, 50, 'none is done twice');
    assert.equal(server.of('stream').length, 1);
    assert.deepEqual(tab.faults, []);
  });
}

test('a function that hands out another token is another person: what is shown is asked for again', async () => {
  server.on('stream', stream(said({ tasks: [task('cdn:1')] }), silence));
  const page = await shown("import('/task-status.js')");
  await page.evaluate(() => {
    const element = Object.assign(document.createElement('task-status'), { taskId: 'cdn:1', endpoint: '/', token: () => 'one' });
    document.querySelector('#app').append(element);
  });
  await page.locator('task-status[data-state=running]').waitFor();
  await page.evaluate(() => (document.querySelector('task-status').token = async () => 'two'));
  await server.came('stream', 2);
  assert.deepEqual(server.of('stream').map(({ headers }) => headers.authorization), ['Bearer one', 'Bearer two']);
});
