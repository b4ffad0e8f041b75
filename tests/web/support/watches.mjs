/** What tests of the client have in common. */

/** Patience that fits into a test. */
export const TIMING = { start: 1, stall: 1, hold: 1, answer: 1, poll: 0.01, pollMost: 0.02, retry: 0.01, retryMost: 0.04 };

export async function all(reports) {
  const seen = [];
  for await (const each of reports) seen.push(each);
  return seen;
}

export const progressOf = (reports) => reports.map(({ summary }) => summary.progress);
