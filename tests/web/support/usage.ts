/** What callers write, as the type checker sees it; nothing of it is run. */
import { TaskStatusClient, TaskStatusError, type Task, type WatchReport } from '../../../functions/web/task-status.js';

const client = new TaskStatusClient('https://status.example.com/', { token: async (refused) => refused && 'another' });

export async function everyCall(signal: AbortSignal): Promise<number | null> {
  const found = await client.lookup(['cdn:24840', '998'], { objects: 5, wait: 30, until: 'failed', signal });
  const { quotas } = await client.quota();
  for await (const { tasks } of client.pages({ status: ['failed', 'bad'], startTime: new Date(), product: 'cdn' })) tasks.map(worst);
  for await (const report of client.watch(new Set(['cdn:24840']), { onTrouble: (trouble) => trouble?.retryAfter })) draw(report);
  const last = await client.wait('24840, dcdn:113681', { until: 'failed', onReport: draw });
  return last.summary.outcome === 'succeeded' ? quotas[0].remaining : found.summary.progress;
}

/** Known words are completed and checked for typing errors only by the eye: sets are open. */
function worst(task: Task): string {
  if (task.status === 'failed' || task.status === 'a-word-of-tomorrow') return task.objects[0].error?.reason ?? 'other';
  return String(task.objectCounts.failed + task.objectCounts.timeout);
}

function draw(report: WatchReport): void {
  // @ts-expect-error a report put together from many answers has no version
  report.version;
  // @ts-expect-error outcomes are a closed set
  report.summary.outcome === 'done';
  // @ts-expect-error filters are a closed set
  client.list({ status: 'over' });
}

export async function checking(): Promise<string> {
  const { fresh, finding, edge, task } = await client.check(new URL('https://a.example/1'));
  // @ts-expect-error one URL
  client.check(['https://a.example/1']);
  return fresh ? '' : `${finding} ${edge.xCache ?? edge.fault} ${task?.objectPath}`;
}

export function element(): void {
  const shown = document.querySelector('task-status');
  shown?.addEventListener('change', ({ detail }) => detail.summary.progress);
  shown?.addEventListener('error', ({ detail }) => detail instanceof TaskStatusError && detail.passing);
  const made = document.createElement('task-status');
  Object.assign(made, { taskId: 'cdn:24840', endpoint: '/', token: 'secret' });
  made.objects += 1;
}

export async function submitting(): Promise<string[]> {
  const { tasks, rejected } = await client.submit({ action: 'refresh', product: 'cdn', objectPaths: 'https://a.example/1' }, { idempotencyKey: 'k' });
  // @ts-expect-error a submission names its product
  client.submit({ action: 'refresh', objectPaths: [] });
  return [...tasks.map(({ id }) => id), ...rejected.flatMap(({ objectPaths }) => objectPaths)];
}
