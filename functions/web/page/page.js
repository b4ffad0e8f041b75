/** The status page. Its question stands in the address. */
import { TaskStatusClient, TaskStatusError } from '../task-status.js';
import { Inquiry } from './inquiry.js';
import { isLookup, question, read, takenToken, understood, written } from './question.js';
import { notice, part, quotas, say } from './showing.js';
import { reason, signs, words } from './words.js';

const KEY = 'task-status-token';
let client;
let inquiry;

/** Another token is another client. */
function unlock(token) {
	if (token) sessionStorage.setItem(KEY, token);
	client = new TaskStatusClient(new URL('.', location.href), { token: sessionStorage.getItem(KEY) ?? undefined });
}

function answer() {
	inquiry?.stop();
	inquiry = new Inquiry(client, question(), tell);
}

function tell(cause) {
	const fault = cause instanceof TaskStatusError ? cause : new TaskStatusError({ reason: 'unexpected', cause });
	say('');
	notice(fault.problems, fault);
	if (fault.status === 401) openDoor(reason(fault.reason, fault.message));
}

function openDoor(why = words.token) {
	part('why').textContent = why;
	part('token').value = '';
	if (!part('door').open) part('door').showModal();
}

function explain() {
	const [kind, text = ''] = understood();
	part('meaning').textContent = kind === 'taskId' ? words.ids(text.split(',').length) : words[kind] ?? '';
	part('filters').disabled = isLookup();
}

function start() {
	unlock(takenToken());
	read();
	explain();
	answer();
}

const on = (id, event, act) => part(id).addEventListener(event, act);

on('what', 'input', explain);
on('ask', 'submit', (event) => {
	event.preventDefault();
	history.pushState(null, '', `?${new URLSearchParams(written())}`);
	answer();
});
on('key', 'click', () => openDoor());
on('door', 'submit', () => {
	unlock(part('token').value.trim());
	answer();
});
on('forget', 'click', () => {
	sessionStorage.removeItem(KEY);
	unlock();
	part('door').close();
	answer();
});
on('quota', 'toggle', async () => {
	if (part('quota').open) await client.quota().then(quotas, ({ reason: sign, message }) => (part('left').textContent = reason(sign, message)));
});
addEventListener('popstate', start);

const states = Object.entries(signs.states).slice(0, 7);
for (const [sign, text] of [...states, ['bad', words.bad]]) part('status').append(new Option(text, sign));
start();
