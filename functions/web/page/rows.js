/** A row for each id, with its tools. Rows stay the elements they are while their tasks move. */
import { reportOf } from '../task-status.js';
import { isBad } from '../task-status/reports.js';
import { wordFor } from '../task-status/i18n.js';
import { checkable, checking } from './checking.js';
import { copied, made, part, write } from './dom.js';
import { signs, words } from './i18n.js';

/** By id: what is shown, its element, and its item of the list. */
const kept = new Map();
/** By state: the button that shows rows in it alone; and the states that were chosen, of which none means all. */
const chips = new Map();
const chosen = new Set();
const COPIED_MS = 2000;
/** What does a failed task again, where that is allowed. */
let repeat = { may: (task) => false, act: (task) => {} };

/** Rows in the report's order. `expand` is told of a task of which more objects are wanted. */
export function showRows({ tasks, undecided, notFound, problems }, expand = (id, objects) => {}) {
	const wanted = [
		...tasks.map((task) => row(task.id, { tasks: [task] }, expand)),
		...undecided.map((entry) => row(entry.id, { undecided: [entry], problems }, expand)),
		...notFound.map((entry) => row(entry.id, { notFound: [entry] }, expand)),
	];
	for (const [id, old] of kept) if (!wanted.includes(old) && kept.delete(id)) old.item.remove();
	const list = part('rows');
	wanted.forEach(({ item }, at) => list.children[at] === item || list.insertBefore(item, list.children[at] ?? null));
	part('export').hidden = !wanted.length;
	for (const shown of wanted) equip(shown);
	showChips(wanted);
}

export function clearRows() {
	chosen.clear();
	showRows(reportOf({}));
}

/** `may` tells whether a task may be submitted again, and `act` is told of a failed one that shall be. */
export function repeatBy(may, act) {
	repeat = { may, act };
	for (const shown of kept.values()) equip(shown);
}

/** What can be seen: reports of one task or one missing id each. */
export const visibleReports = () => [...kept.values()].filter(({ item }) => !item.hidden).map(({ element }) => element.report);

function row(id, content, expand) {
	if (!kept.has(id)) {
		const [item, element, tools] = [made('li'), made('task-status'), made('div', '', 'tools')];
		element.addEventListener('more', ({ detail }) => expand(id, detail));
		item.append(element, tools);
		kept.set(id, { id, item, element, tools });
	}
	const shown = kept.get(id);
	shown.element.report = reportOf(content);
	return shown;
}

/** What can be done with a row; made anew only when something else can be done. */
function equip({ id, element, tools }) {
	const [task] = element.report.tasks;
	const count = task?.objects.length ?? 0;
	const failed = Boolean(task?.done && isBad(task.status) && repeat.may(task));
	const url = checkable(task);
	const offers = `${count} ${failed} ${url}`;
	if (tools.dataset.offers === offers) return;
	tools.dataset.offers = offers;
	const current = () => element.report.tasks[0];
	const paths = () => current().objects.map(({ objectPath }) => objectPath).join('\n');
	tools.replaceChildren(
		copying(words.copyId, id, () => id),
		...(count ? [copying(words.copyUrls(count), id, paths)] : []),
		Object.assign(named(made('a', words.link), id), { href: `?taskId=${encodeURIComponent(id)}` }),
		...(failed ? [Object.assign(named(made('button', wordFor(words.again, task.action)), id), { onclick: () => repeat.act(current()) })] : []),
		...(url ? withAnswer(id, checking(url)) : []),
	);
}

const withAnswer = (id, [button, answer]) => [named(button, id), answer];

/** What many rows have is told apart by its row's id. */
function named(tool, id) {
	tool.setAttribute('aria-label', `${tool.textContent} ${id}`);
	return tool;
}

function copying(name, id, textOf) {
	const button = named(made('button', name), id);
	button.onclick = async () => {
		if (!(await copied(textOf(), name))) return;
		write(button, words.copied);
		named(button, id);
		setTimeout(() => {
			write(button, name);
			named(button, id);
		}, COPIED_MS);
	};
	return button;
}

/** How many rows are in which state; a click shows those alone. */
function showChips(rows) {
	const counts = new Map();
	for (const { element } of rows) counts.set(element.state, (counts.get(element.state) ?? 0) + 1);
	for (const [state, button] of chips) if (!counts.has(state) && chips.delete(state)) button.remove();
	for (const state of chosen) if (!counts.has(state)) chosen.delete(state);
	for (const [state, count] of counts) write(chip(state), `${wordFor(signs.states, state)} ${count}`);
	part('chips').hidden = counts.size < 2;
	filter();
}

function chip(state) {
	if (!chips.has(state)) {
		const button = made('button', '', 'chip');
		button.onclick = () => {
			if (!chosen.delete(state)) chosen.add(state);
			filter();
		};
		chips.set(state, button);
		part('chips').append(button);
	}
	return chips.get(state);
}

function filter() {
	for (const [state, button] of chips) button.setAttribute('aria-pressed', String(chosen.has(state)));
	for (const { item, element } of kept.values()) item.hidden = chosen.size > 0 && !chosen.has(element.state);
}
