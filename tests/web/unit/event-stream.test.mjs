import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventsOf } from '../../../functions/web/task-status/event-stream.js';

const TEXT = [
  '\uFEFF: a comment', '', 'event: report', 'id: v1', 'data: {"a":', 'data:1}', '', 'retry: 250', 'retry: soon', '', 'event: lost', '',
  'data: 进度', 'unknown: field', 'id', '', 'data', '', 'event: cut off', 'data: never dispatched',
];
const EVENTS = [
  { type: 'report', id: 'v1', data: '{"a":\n1}' },
  { type: 'message', id: '', data: '进度' },
  { type: 'message', id: '', data: '' },
];

async function read(bytes, cuts, signs) {
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < cuts.length; at += 1) controller.enqueue(bytes.slice(cuts[at - 1] ?? 0, cuts[at]));
      controller.enqueue(bytes.slice(cuts.at(-1) ?? 0));
      controller.close();
    },
  });
  return Array.fromAsync(eventsOf(body, signs));
}

for (const [name, end] of [['line feeds', '\n'], ['carriage returns', '\r'], ['both', '\r\n']]) {
  test(`events are the same however their bytes are cut, with ${name}`, async () => {
    const bytes = new TextEncoder().encode(TEXT.join(end));
    for (let first = 0; first <= bytes.length; first += 1) {
      assert.deepEqual(await read(bytes, [first, Math.min(first + 1, bytes.length)]), EVENTS, `cut at ${first}`);
    }
  });
}

test('every piece is a sign of life, and the time to stay away is told without an event', async () => {
  const told = [];
  const pieces = new TextEncoder().encode(':\n\nretry: 250\n\n');
  await read(pieces, [3], { alive: () => told.push('alive'), retry: (ms) => told.push(ms) });
  assert.deepEqual(told, ['alive', 'alive', 250]);
});

test('case F5: a long line in small pieces is looked through once', async (t) => {
  const rows = JSON.stringify({ data: 'x'.repeat(700_000) });
  const bytes = new TextEncoder().encode(`event: report\ndata: ${rows}\n\n`);
  const split = t.mock.method(String.prototype, 'split');
  const [{ data }] = await read(bytes, Array.from({ length: 500 }, (_, at) => at * 1400));
  const looked = split.mock.calls.reduce((sum, { this: text }) => sum + text.length, 0);
  split.mock.restore();
  assert.equal(data, rows);
  assert.ok(looked <= bytes.length, `${looked} characters of ${bytes.length}`);
});
