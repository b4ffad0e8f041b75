/** What a front end does with the zod schemas of orval: questions and answers pass through them unchanged. */
import * as schemas from './generated/zod.ts';

declare const process: { argv: string[] };
const service = process.argv[2] ?? '';

async function asked(question: Record<string, unknown>): Promise<unknown> {
  const checked: Record<string, unknown> = schemas.TasksQueryParams.parse(question);
  const query = new URLSearchParams(Object.entries(checked).map(([name, value]) => [name, String(value)]));
  const response = await fetch(`${service}/v1/tasks?${query}`);
  if (!response.ok) throw new Error(await response.text());
  return schemas.TasksResponse.parse(await response.json());
}

async function gotten(path: string): Promise<unknown> {
  return (await fetch(service + path)).json();
}

const lookup = schemas.TasksQueryParams.parse({ taskId: ['cdn:24840'] });
const list = schemas.QueryTasksBody.parse({ product: ['cdn'], pageSize: 2 });
const submission = { action: 'preload', product: 'cdn', objectPaths: ['https://www.example.com/a.jpg'] };
const posted = await fetch(`${service}/v1/tasks`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(schemas.SubmitTasksBody.parse(submission)),
});

console.log(
  JSON.stringify({
    lookup,
    list,
    report: await asked({ taskId: ['cdn:99900'] }),
    page: await asked({ domainName: 'b.com', pageSize: 2 }),
    quotas: schemas.QuotaResponse.parse(await gotten('/v1/quota')),
    capabilities: schemas.CapabilitiesResponse.parse(await gotten('/v1/capabilities')),
    submitted: posted.status,
  }),
);
