import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { idsIn, isId } from '../../../functions/web/task-status/ids.js';

const { cases } = JSON.parse(await readFile(new URL('../ids.cases.json', import.meta.url), 'utf8'));

for (const { name, given, ids, wrong = [] } of cases) {
  test(`ids as people paste them: ${name}`, () => {
    const candidates = idsIn(given);
    assert.deepEqual(candidates.filter(isId), ids);
    assert.deepEqual(candidates.filter((candidate) => !isId(candidate)), wrong);
  });
}

test('a set of ids is read like an array of them', () => assert.deepEqual(idsIn(new Set(['1,2', '2'])), ['1', '2']));
