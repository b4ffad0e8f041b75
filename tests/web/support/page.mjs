/** The page as its tests use it. Importing this makes a browser for a file's tests, and a service for each of them. */
import { after, afterEach, before, beforeEach } from 'node:test';

import { launched } from './browser.mjs';
import { ScriptedServer, complete, object, task } from './scripted-server.mjs';

/** As the service sends it. */
const POLICY = { 'Content-Security-Policy': process.env.PAGE_POLICY ?? "default-src 'self'; img-src data:" };

let browser;
/** Of the test that runs. */
export let server;
export let tab;

before(async () => (browser = await launched()));
after(() => browser.close());
beforeEach(async () => (server = await ScriptedServer.started(POLICY)));
afterEach(async () => {
  await server.close();
  await tab?.close();
});

export async function open(query = '', options = {}) {
  tab = await browser.open(server.url + query, options);
  return tab.page;
}

/** Opened, with an answer on show. */
export async function settled(query, options) {
  const page = await open(query, options);
  await page.locator('task-status[data-state]:not([data-state=asking])').first().waitFor();
  return page;
}

/** What was asked besides what the caller may do. */
export const asked = () => server.requests.filter(({ kind }) => kind !== 'capabilities');
export const shows = (page, text) => page.getByText(text, { exact: true }).first().waitFor();

export const failing = [object('http://img.example.com/新品/海报 1.jpg', 'failed', 25), object('http://img.example.com/b.jpg', 'complete', 100)];

/** Every kind of row at once. */
export const EVERYTHING = {
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
export const ASKED = '?taskId=24840,113681,704225667,31000001,31000002,5,6,7,998,cdn:999,vod:12';
