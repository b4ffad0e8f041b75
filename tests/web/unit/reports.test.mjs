import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Ledger, foldStatus, progressOf, reportOf } from '../../../functions/web/task-status/reports.js';
import { complete, task } from '../support/scripted-server.mjs';

test('many states are one by the contract\'s rule', () => {
  const folds = {
    'running': [['running', 'failed'], ['pending', 'complete'], ['pending', 'unknown']],
    'pending': [['pending', 'pending']],
    'unknown': [['unknown', 'failed'], ['complete', 'a-new-word']],
    'failed': [['timeout', 'failed', 'complete']],
    'timeout': [['canceled', 'timeout']],
    'canceled': [['canceled', 'complete']],
    'complete': [['complete']],
  };
  for (const [folded, cases] of Object.entries(folds)) for (const states of cases) assert.equal(foldStatus(states), folded, String(states));
});

test('a mean is cut, and a hundred only when all is complete', () => {
  const progress = (...figures) => reportOf({ tasks: figures.map((figure, at) => task(`cdn:${at}`, { progress: figure })) }).summary.progress;
  assert.deepEqual([progress(74.68), progress(99.999, 100, 100), progress(0, null, 1 / 3), progress(null)], [74.68, 99.99, 0.16, null]);
  assert.equal(reportOf({ tasks: [complete('cdn:1'), complete('cdn:2')] }).summary.progress, 100);
});

test('case F1: the outcome is told once all is over: worse before missing before success', () => {
  const gone = { id: '9', products: ['cdn'], mayAppear: false };
  const bad = task('cdn:2', { status: 'canceled', done: true });
  const outcome = (parts) => reportOf(parts).summary.outcome;
  assert.equal(outcome({ tasks: [complete('cdn:1')] }), 'succeeded');
  assert.equal(outcome({ tasks: [complete('cdn:1')], notFound: [gone] }), 'missing');
  assert.equal(outcome({ tasks: [complete('cdn:1'), bad], notFound: [gone] }), 'failed');
  assert.equal(outcome({ tasks: [task('cdn:1')] }), null);
  assert.equal(outcome({ notFound: [{ ...gone, mayAppear: true }] }), null);
});

test('an id that may appear, or that a passing fault hides, takes no task off the screen', () => {
  const ledger = new Ledger();
  const throttled = [{ product: 'cdn', reason: 'throttled', retryAfter: 2, requestIds: [] }];
  const take = (parts) => ledger.take({ tasks: [], notFound: [], undecided: [], problems: [], ...parts }, ['cdn:1'], 20);
  const shown = () => {
    const { tasks, notFound, undecided } = ledger.report(['cdn:1']);
    return [tasks.map(({ stale }) => stale), notFound.length, undecided.length];
  };
  take({ tasks: [task('cdn:1')] });
  assert.deepEqual(shown(), [[false], 0, 0]);
  take({ undecided: [{ id: 'cdn:1', products: ['cdn'] }], problems: throttled });
  assert.deepEqual(shown(), [[true], 0, 0]);
  take({ notFound: [{ id: 'cdn:1', products: ['cdn'], mayAppear: true }] });
  assert.deepEqual(shown(), [[true], 0, 0]);
  take({ undecided: [{ id: 'cdn:1', products: ['cdn'] }] });
  assert.deepEqual(shown(), [[], 0, 1], 'a fault that stays');
  take({ notFound: [{ id: 'cdn:1', products: ['cdn'], mayAppear: false }] });
  assert.deepEqual(shown(), [[], 1, 0]);
  take({ tasks: [complete('cdn:1')] });
  take({ notFound: [{ id: 'cdn:1', products: ['cdn'], mayAppear: false }] });
  assert.deepEqual(shown(), [[false], 0, 0], 'what is over stays known');
});

test('what was not found has come nowhere, whatever the mean of the others', () => {
  const gone = { id: '9', products: ['cdn'], mayAppear: false };
  const shown = (parts) => progressOf(reportOf(parts));
  assert.equal(shown({ tasks: [complete('cdn:1')] }), 100);
  assert.equal(shown({ tasks: [complete('cdn:1')], notFound: [gone] }), 50);
  assert.equal(shown({ tasks: [complete('cdn:1'), complete('cdn:2')], undecided: [gone] }), 66.66);
  assert.equal(shown({ undecided: [gone] }), null);
});

test('case F2: an id that nobody could be asked about is told the faults of its own products', () => {
  const ledger = new Ledger();
  const problems = ['cdn', 'vod'].map((product) => ({ product, reason: 'denied', requestIds: [] }));
  const undecided = [{ id: '1', products: ['vod'] }, { id: '2', products: ['cdn'] }];
  ledger.take({ tasks: [], notFound: [], undecided, problems }, ['1', '2'], 20);
  const told = (...ids) => ledger.report(ids).problems.map(({ product }) => product);
  assert.deepEqual([told('1'), told('2'), told('1', '2')], [['vod'], ['cdn'], ['cdn', 'vod']]);
});

test('problems are told to whom they concern', () => {
  const ledger = new Ledger();
  const problems = [{ product: 'vod', reason: 'denied', requestIds: [] }];
  ledger.take({ tasks: [complete('cdn:1')], notFound: [], undecided: [], problems }, ['cdn:1', '1'], 20);
  assert.deepEqual([ledger.report(['cdn:1']).problems, ledger.report(['1']).problems], [[], problems]);
});

test('the same number in two accounts is two tasks, each with the problems of its own account', () => {
  const ledger = new Ledger();
  const ids = ['cdn:1', 'acme/cdn:1', 'acme/cdn:2'];
  const problems = [{ product: 'cdn', account: 'acme', reason: 'denied', requestIds: [] }];
  const tasks = [complete('cdn:1'), { ...complete('acme/cdn:1'), taskId: '1', product: 'cdn', account: 'acme' }];
  ledger.take({ tasks, notFound: [], undecided: [{ id: 'acme/cdn:2', products: ['acme/cdn'] }], problems }, ids, 20);
  const told = (id) => {
    const report = ledger.report([id]);
    return [report.tasks.map((task) => task.id), report.problems.length, report.undecided.length];
  };
  assert.deepEqual(ids.map(told), [[['cdn:1'], 0, 0], [['acme/cdn:1'], 1, 0], [[], 1, 1]]);
});
