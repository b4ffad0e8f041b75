/** What the page shows. Rows stay the elements they are while their tasks move. */
import { reportOf } from '../task-status.js';
import { progressOf } from '../task-status/reports.js';
import { language, reason, words } from './words.js';

const title = document.title;
const kept = new Map();

/** @returns {any} */
export const part = (id) => document.getElementById(id);

/** @returns {any} */
const made = (tag, text = '', className = '') => Object.assign(document.createElement(tag), { textContent: text, className });

export function blank() {
	rows(reportOf({}));
	notice([]);
	offerMore();
	say(words.asking);
}

/** A row for each id, in the report's order. */
export function rows({ tasks, undecided, notFound, problems }, expand = (id, objects) => {}) {
	const wanted = [
		...tasks.map((task) => row(task, { tasks: [task] }, expand)),
		...undecided.map((entry) => row(entry, { undecided: [entry], problems }, expand)),
		...notFound.map((entry) => row(entry, { notFound: [entry] }, expand)),
	];
	for (const [id, old] of kept) if (!wanted.includes(old) && kept.delete(id)) old.remove();
	const list = part('rows');
	wanted.forEach((item, at) => list.children[at] === item || list.insertBefore(item, list.children[at] ?? null));
}

function row({ id }, content, expand) {
	if (!kept.has(id)) {
		const element = made('task-status');
		element.addEventListener('more', ({ detail }) => expand(id, detail));
		kept.set(id, made('li'));
		kept.get(id).append(element);
	}
	kept.get(id).firstChild.report = reportOf(content);
	return kept.get(id);
}

export function summarize(report) {
	const { done, asked, failed, timeout, canceled, notFound, undecided, outcome } = report.summary;
	const over = done ? asked - notFound - undecided : report.tasks.filter((task) => task.done).length;
	const bad = failed + timeout + canceled;
	say([words.over(over, asked), bad && words.failed(bad), notFound && words.missing(notFound), undecided && words.unreached(undecided)].filter(Boolean).join(' · '));
	const progress = progressOf(report);
	const shown = outcome === 'succeeded' ? 100 : Math.min(Math.floor(progress ?? 0), 99);
	part('whole').hidden = asked < 2 || progress === null;
	part('whole').value = shown;
	document.title = progress === null ? title : `${shown} % · ${title}`;
}

export function say(text) {
	if (part('summary').textContent !== text) part('summary').textContent = text;
	part('whole').hidden = true;
	document.title = title;
}

/** Products that could not be asked; a question with faults, a connection in trouble. @param {any} [fault] */
export function notice(problems, fault, incomplete = false) {
	const faults = (fault?.errors ?? []).map(({ parameter, value, detail }) => `${parameter} (${value}): ${detail}`);
	const grave = fault ? [reason(fault.reason, fault.message), ...faults] : [];
	const others = problems.map((problem) => [told(problem), incomplete && words.incomplete].filter(Boolean).join(' · '));
	const items = [...grave.map((text) => made('li', text, 'grave')), ...others.map((text) => made('li', text))];
	const text = [...grave, ...others].join('');
	if (part('notes').textContent !== text) part('notes').replaceChildren(...items);
}

const told = ({ product, reason: sign }) => `${product.toUpperCase()}: ${reason(sign)}`;

/** `next` fetches the next page; without it there is none. */
export function offerMore(next = undefined) {
	part('more').hidden = !next;
	part('more').onclick = next;
}

export function quotas({ quotas: all, problems }) {
	const list = made('dl');
	for (const { product, kind, quota, remaining } of all) {
		const figures = [remaining, quota].map((count) => count?.toLocaleString(language) ?? '?').join(' / ');
		list.append(made('dt', `${product.toUpperCase()} · ${words[kind] ?? kind}`), made('dd', figures));
	}
	part('left').replaceChildren(list, ...problems.map((problem) => made('p', told(problem))));
}
