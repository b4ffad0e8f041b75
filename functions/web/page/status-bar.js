/** What the page says above its rows. */
import { productName } from '../task-status/ids.js';
import { progressOf } from '../task-status/reports.js';
import { made, part, write } from './dom.js';
import { clearRows } from './rows.js';
import { language, reason, words } from './i18n.js';

const title = document.title;
/** Of a day's quota, below which it is said that little is left. */
const LITTLE = 0.1;

export function blank() {
	clearRows();
	notice([]);
	offerMore();
	offerOtherScheme();
	asOf();
	say(words.asking);
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
	write(part('summary'), text);
	part('whole').hidden = true;
	document.title = title;
}

/** How old a list is, which does not renew itself; `renew` does, also where there is no answer yet. @param {Date} [time] @param {() => void} [renew] */
export function asOf(time, renew) {
	write(part('asof'), time ? words.asOf(time.toLocaleTimeString(language)) : '');
	part('renew').hidden = !renew;
	part('renew').disabled = false;
	part('renew').onclick = renew;
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

const told = (problem) => `${productName(problem).toUpperCase()}: ${reason(problem.reason)}`;

/** `next` fetches the next page; without it there is none. */
export function offerMore(next = undefined) {
	part('more').hidden = !next;
	part('more').onclick = next;
}

/** The same URL with https for http, or the other way round, where only that one has tasks. @param {string} [objectPath] */
export function offerOtherScheme(objectPath) {
	part('otherScheme').hidden = !objectPath;
	if (objectPath) Object.assign(part('otherScheme').querySelector('a'), { textContent: objectPath, href: `?${new URLSearchParams({ objectPath })}` });
}

export function quotas({ quotas: all, problems }) {
	const list = made('dl');
	for (const left of all) {
		const [kind, figures] = [made('dt', `${productName(left).toUpperCase()} · ${words.kinds[left.kind] ?? left.kind}`), made('dd', remaining(left))];
		figures.className = isLittle(left) ? 'little' : '';
		list.append(kind, figures);
	}
	part('left').replaceChildren(list, ...problems.map((problem) => made('p', told(problem))));
}

/** `9,998 / 10,000`, and whether that is little. */
export function remaining(left) {
	const figures = [left.remaining, left.quota].map((figure) => figure?.toLocaleString(language) ?? '?').join(' / ');
	return isLittle(left) ? `${figures} · ${left.remaining ? words.little : words.none}` : figures;
}

const isLittle = ({ quota, remaining: count }) => count !== null && quota > 0 && count < quota * LITTLE;
