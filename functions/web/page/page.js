/** The status page. Its question stands in the address. */
import { TaskStatusClient, TaskStatusError } from '../task-status.js';
import { wordFor } from '../task-status/i18n.js';
import { checkBy } from './checking.js';
import { csvOf } from './csv.js';
import { Inquiry } from './query-runner.js';
import { made, part } from './dom.js';
import { hasOwnRange, isLookup, offerChoices, question, read, takenToken, understood, written } from './query-form.js';
import { repeatBy, visibleReports } from './rows.js';
import { asOf, notice, quotas, say } from './status-bar.js';
import { NOTHING_ALLOWED, SubmissionForm } from './submission.js';
import { reason, signs, words } from './i18n.js';

const KEY = 'task-status-token';
const MOST_OBJECTS = 20_000;
/** What a list can be narrowed to besides what stands in the page; the service takes any word. */
const ACTIONS = ['refresh', 'preload'];
const OBJECT_TYPES = ['file', 'directory', 'regex', 'ignoreparams', 'preload'];
let client;
let inquiry;
const submission = new SubmissionForm((ids) => ids.length && ask({ taskId: ids.join() }));

/** Another token is another client, and may be allowed other things. */
async function unlock(token) {
	if (token) sessionStorage.setItem(KEY, token);
	const current = (client = new TaskStatusClient(new URL('.', location.href), { token: sessionStorage.getItem(KEY) ?? undefined }));
	allow(NOTHING_ALLOWED);
	// A service that does not know the question is an older one.
	const allowed = await current.capabilities().catch(() => NOTHING_ALLOWED);
	if (current === client) allow(allowed);
}

function allow(allowed) {
	submission.use(client, allowed);
	part('upload').hidden = !allowed.uploadUrl;
	part('upload').href = allowed.uploadUrl ?? '';
	part('month').hidden = part('month').disabled = !allowed.history;
	offerChoices('product', allowed.products.map((product) => [product, product.toUpperCase()]));
	checkBy(client, allowed.checks);
	repeatBy((task) => submission.mayRepeat(task), (task) => submission.repeat(task));
}

function answer(renewed = false) {
	inquiry?.stop();
	// Until there is an answer: who asks again meanwhile only waits for longer.
	part('renew').disabled = renewed;
	inquiry = new Inquiry(client, question(), { tell, renew: () => answer(true) }, renewed);
}

/** Goes to the address of a question, and answers it. */
function ask(asked) {
	history.pushState(null, '', `?${new URLSearchParams(asked)}`);
	start();
}

function tell(cause) {
	const fault = cause instanceof TaskStatusError ? cause : new TaskStatusError({ reason: 'unexpected', cause });
	say('');
	notice(fault.problems, fault);
	if (fault.passing) asOf(undefined, () => answer());
	part('renew').disabled = false;
	if (fault.status === 401) askForToken(reason(fault.reason, fault.message));
}

function askForToken(why = words.token) {
	part('why').textContent = why;
	part('token').value = '';
	if (!part('tokenDialog').open) part('tokenDialog').showModal();
}

function explain() {
	const [kind, text = ''] = understood();
	part('meaning').textContent = kind === 'taskId' ? words.ids(text.split(',').length) : words[kind] ?? '';
	part('filters').disabled = isLookup();
	for (const label of document.querySelectorAll('.range')) /** @type {any} */ (label).hidden = !hasOwnRange();
}

function start() {
	read();
	explain();
	answer();
}

/** What can be seen, with all objects of its tasks. */
async function download() {
	const reports = visibleReports();
	const folded = reports.flatMap(({ tasks }) => tasks).filter(({ objectsOmitted }) => objectsOmitted).map(({ id }) => id);
	const whole = folded.length ? (await client.lookup(folded, { objects: MOST_OBJECTS })).tasks : [];
	const unfolded = reports.map((report) => ({ ...report, tasks: report.tasks.map((task) => whole.find(({ id }) => id === task.id) ?? task) }));
	const href = URL.createObjectURL(new Blob([csvOf(unfolded)], { type: 'text/csv' }));
	Object.assign(made('a'), { href, download: 'tasks.csv' }).click();
	URL.revokeObjectURL(href);
}

const on = (id, event, act) => part(id).addEventListener(event, act);

on('what', 'input', explain);
on('since', 'input', explain);
on('ask', 'submit', (event) => {
	event.preventDefault();
	ask(written());
});
on('key', 'click', () => askForToken());
on('new', 'click', () => submission.show());
on('export', 'click', () => download().catch(tell));
on('tokenDialog', 'submit', () => {
	unlock(part('token').value.trim());
	answer();
});
on('forget', 'click', () => {
	sessionStorage.removeItem(KEY);
	unlock();
	part('tokenDialog').close();
	answer();
});
on('quota', 'toggle', async () => {
	if (part('quota').open) await client.quota().then(quotas, ({ reason: sign, message }) => (part('left').textContent = reason(sign, message)));
});
on('quota', 'keydown', ({ key }) => {
	if (key === 'Escape') closeQuota();
});
addEventListener('click', ({ target }) => {
	if (!part('quota').contains(target)) part('quota').open = false;
	// A click on a dialog itself, and on nothing in it, is one beside it.
	if (target === part('tokenDialog') || target === part('submission')) part(/** @type {any} */ (target).id).close();
});
addEventListener('popstate', start);

function closeQuota() {
	part('quota').open = false;
	part('quota').firstElementChild.focus();
}

const states = Object.entries(signs.states).slice(0, 7);
offerChoices('status', [...states, ['bad', words.bad]]);
offerChoices('action', ACTIONS.map((sign) => [sign, signs.kinds[sign]]));
offerChoices('objectType', OBJECT_TYPES.map((sign) => [sign, wordFor(signs.kinds, sign)]));
unlock(takenToken());
start();
