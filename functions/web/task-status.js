/**
 * The client of cdn-task-status; task-status.d.ts tells its whole use.
 *
 *     const client = new TaskStatusClient('https://status.example.com/', { token });
 *     for await (const report of client.watch(['cdn:24840'])) draw(report.summary.progress);
 *
 *     <task-status task-id="cdn:24840" endpoint="https://status.example.com/"></task-status>
 */
import { TaskStatusElement } from './task-status/element.js';

export { TaskStatusClient } from './task-status/client.js';
export { reportOf } from './task-status/reports.js';
export { TaskStatusError } from './task-status/requests.js';
export { TaskStatusElement };

if (!globalThis.customElements?.get('task-status')) globalThis.customElements?.define('task-status', TaskStatusElement);
