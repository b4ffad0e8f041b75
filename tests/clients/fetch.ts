/** What a front end does with openapi-fetch and the types of openapi-typescript; prints what it saw as JSON. */
import createClient from 'openapi-fetch';
import type { paths } from './generated/schema.d.ts';

declare const process: { argv: string[] };
/** Without the second parameter an answer could also be the text of an event stream. */
type Media = 'application/json' | 'application/problem+json';
const client = createClient<paths, Media>({ baseUrl: process.argv[2] ?? '' });

function told<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const made = told(
  await client.POST('/v1/tasks', {
    body: { action: 'refresh', product: 'cdn', objectPaths: ['https://www.example.com/new.jpg'] },
  }),
);
const taskId = made.tasks.map((task) => task.id);

const report = told(await client.GET('/v1/tasks', { params: { query: { taskId } } }));
if (!('summary' in report)) throw new Error('a lookup was answered with a list');

const waited = told(await client.POST('/v1/tasks/query', { body: { taskId, wait: 55, until: 'done' } }));
if (!('summary' in waited)) throw new Error('a lookup was answered with a list');

const listed: string[] = [];
let pageToken: string | undefined;
do {
  const page = told(await client.GET('/v1/tasks', { params: { query: { domainName: 'b.com', pageSize: 2, pageToken } } }));
  if ('summary' in page) throw new Error('a list was answered with a report');
  listed.push(...page.tasks.map((task) => task.id));
  pageToken = page.nextPageToken;
} while (pageToken !== undefined);

const quotas = told(await client.GET('/v1/quota'));
const capabilities = told(await client.GET('/v1/capabilities'));
const refused = await client.GET('/v1/tasks', { params: { query: { taskId: ['abc'] } } });

console.log(
  JSON.stringify({
    submitted: taskId.length,
    found: report.summary.found,
    outcome: waited.summary.outcome,
    listed,
    quotas: quotas.quotas.length,
    submit: capabilities.submit,
    refused: refused.error?.reason,
  }),
);
