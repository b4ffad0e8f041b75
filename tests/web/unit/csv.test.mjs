import assert from 'node:assert/strict';
import { test } from 'node:test';

import { csvOf } from '../../../functions/web/page/csv.js';
import { reportOf } from '../../../functions/web/task-status.js';
import { complete, object, task } from '../support/scripted-server.mjs';

const HEAD = '\ufeffid,product,action,objectType,createdAt,status,objectPath,objectStatus,rawStatus,progress,reason,message\r\n';
const of = (...tasks) => csvOf([reportOf({ tasks })]).replace(HEAD, '');
const withPath = (objectPath) => of(complete('cdn:1', { objects: [object(objectPath, 'complete')] })).split('2026-11-22T03:31:00Z,complete,')[1].split(',complete,complete')[0];

test('no text is taken for a formula, however a spreadsheet begins one', () => {
  for (const start of ['=', '+', '-', '@', '\t', '＝', '＋', '－', '＠']) assert.equal(withPath(`${start}1`), `'${start}1`);
  assert.equal(withPath('\r=1'), '"\'\r=1"');
  assert.equal(withPath('http://a.example/=1'), 'http://a.example/=1');
});

test('commas, quotes and line ends stay inside their cell', () => {
  assert.equal(withPath('a,"b"\nc'), '"a,""b""\nc"');
});

test('every id has a line: its objects, how many are not shown, or that it was not found', () => {
  const hidden = task('cdn:1', { objectsOmitted: 7, objects: [object('http://a.example/1', 'running', 5)] });
  assert.equal(of(hidden), 'cdn:1,cdn,refresh,file,2026-11-22T03:31:00Z,running,http://a.example/1,running,running,5,,\r\ncdn:1,cdn,refresh,file,2026-11-22T03:31:00Z,running,(7),,,,,\r\n');
  assert.equal(of(task('cdn:2', { objects: [] })), 'cdn:2,cdn,refresh,file,2026-11-22T03:31:00Z,running,,,,,,\r\n');
  const absent = reportOf({ notFound: [{ id: '9', products: ['cdn'], mayAppear: false }], undecided: [{ id: 'vod:1', products: ['vod'] }] });
  assert.equal(csvOf([absent]).replace(HEAD, ''), 'vod:1,,,,,undecided,,,,,,\r\n9,,,,,not-found,,,,,,\r\n');
});

test('a task of another account names it with its product', () => {
  const line = of({ ...complete('acme/cdn:1', { objects: [] }), product: 'cdn', account: 'acme' });
  assert.ok(line.startsWith('acme/cdn:1,acme/cdn,refresh,'), line);
});
