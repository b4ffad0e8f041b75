/** Pictures of the page for the documentation, by the tests' own browser; `make screenshots` writes them. */
import { mkdir, stat } from 'node:fs/promises';

import { launched } from './browser.mjs';
import { ScriptedServer, complete, json, object, said, silence, stream, task } from './scripted-server.mjs';

const FOLDER = new URL('../../../docs/images/', import.meta.url);
const SHOP = 'https://img.example.com/shop';
const running = { ...object(`${SHOP}/c.jpg`, 'running', 80), rawStatus: 'Refreshing' };
const TASKS = [
  task('cdn:24840', { progress: 68.33, objects: [object(`${SHOP}/a.jpg`, 'failed', 25), object(`${SHOP}/b.jpg`, 'complete', 100), running] }),
  complete('dcdn:113681', { action: 'preload', objectType: 'preload', objects: [object(`${SHOP}/film.mp4`, 'complete', 100)] }),
  task('vod:704225667', { status: 'failed', done: true, progress: 25, objects: [object(`${SHOP}/trailer.mp4`, 'failed', 25)] }),
];
const SHOTS = {
  'page': {},
  'page-dark': { colorScheme: 'dark' },
  'page-zh': { locale: 'zh-CN' },
};

const server = await ScriptedServer.started();
server.on('stream', stream(said({ tasks: TASKS, notFound: [{ id: 'cdn:24907', products: ['cdn'], mayAppear: true }] }), silence));
server.on('capabilities', json({ products: ['cdn', 'dcdn', 'vod'], submit: true, actions: ['refresh'], objectTypes: { cdn: { refresh: ['file'] }, vod: { refresh: ['file'] } }, quota: true }));
const browser = await launched();
await mkdir(FOLDER, { recursive: true });
for (const [name, options] of Object.entries(SHOTS)) {
  const url = `${server.url}?taskId=24840,dcdn:113681,704225667,cdn:24907`;
  const { page, close } = await browser.open(url, { viewport: { width: 720, height: 600 }, reducedMotion: 'reduce', ...options });
  await page.locator('task-status[data-state=appearing]').waitFor();
  const path = new URL(`${name}.png`, FOLDER).pathname;
  await page.screenshot({ path, fullPage: true });
  console.log(`docs/images/${name}.png`, (await stat(path)).size);
  await close();
}
await browser.close();
await server.close();
