/** The inside of `<task-status>`. What comes from outside is set as text, and only where it changed: nothing flashes. */
import { productName } from './ids.js';
import { isBad, problemsOf, progressOf, sum } from './reports.js';
import { wordFor, wordsIn } from './i18n.js';

const FAILURES_SHOWN = 5;

export function view() {
	const title = node('span', 'title');
	const state = node('span', 'state');
	const fill = node('div', 'fill');
	const bar = node('div', 'bar', fill);
	const figure = node('span', 'figure');
	const line = node('div', 'line', bar, figure);
	const facts = node('p', 'facts');
	const note = node('p', 'note');
	const failures = node('ul', 'failures');
	const folded = node('summary', 'summary');
	const rows = node('ul', 'objects');
	const scroll = node('div', 'scroll', rows);
	const more = node('button', 'more');
	const details = node('details', 'details', folded, scroll, more);
	const root = node('article', 'task', node('div', 'head', title, state), line, facts, note, failures, details);
	scroll.tabIndex = 0;
	set(bar, { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100 });

	function show({ state: sign, taskId, report }, { language, trouble, fault }) {
		const words = wordsIn(language);
		const { tasks = [], notFound = [], undecided = [], summary = {} } = report ?? {};
		const progress = tasks.length ? progressOf(report) : null;
		const percent = progress === null ? [] : [`${progress} %`];
		const names = [...tasks, ...notFound, ...undecided].map(({ id }) => id).join(', ') || taskId;
		write(title, names);
		write(state, wordFor(words.states, sign));
		line.hidden = !tasks.length && sign !== 'asking';
		bar.classList.toggle('waiting', progress === null && !summary.done);
		fill.style.transform = progress === null ? '' : `scaleX(${progress / 100})`;
		set(bar, { 'aria-label': names, 'aria-valuenow': progress, 'aria-valuetext': [wordFor(words.states, sign), ...percent].join(', ') });
		write(figure, percent.join(''));
		write(facts, factsOf(tasks, words, language));
		write(note, noteOf({ sign, report, trouble, fault, words, language }));
		showObjects(tasks, words);
	}

	function showObjects(tasks, words) {
		const all = tasks.flatMap(({ objects }) => objects);
		const omitted = sum(tasks.map(({ objectsOmitted }) => objectsOmitted));
		fillRows(failures, all.filter(isTroubled).slice(0, FAILURES_SHOWN), words);
		write(folded, words.objects(all.length + omitted));
		write(more, words.more(omitted));
		more.hidden = !omitted;
		details.hidden = all.length + omitted < 2;
		details.ontoggle = () => details.open && fillRows(rows, all, words);
		details.ontoggle();
	}

	return { root, more, show };
}

/** Its kind, when it began, how it concerns the URL that was asked for, and its only object or how many are in which state. */
function factsOf(tasks, words, language) {
	const kinds = new Set(tasks.flatMap(({ action, objectType }) => [action, objectType]));
	const [{ createdAt, objects: [only] }] = tasks.length ? tasks : [{ objects: [] }];
	const matches = new Set(tasks.map(({ match }) => match).filter(Boolean));
	const time = createdAt && new Date(createdAt).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' });
	const count = (state) => sum(tasks.map(({ objectCounts }) => objectCounts[state] ?? 0));
	const total = count('total');
	const others = ['failed', 'timeout', 'canceled', 'unknown'].filter(count).map((state) => words.counted(count(state), words.states[state]));
	const counted = total > 1 ? [words.of(count('complete'), total), ...others] : only && !isTroubled(only) ? [only.objectPath, vendorsWords(only)] : [];
	return [...[...kinds].map((sign) => wordFor(words.kinds, sign)), time, ...[...matches].map((sign) => wordFor(words.matches, sign)), ...counted].filter(Boolean).join(' · ');
}

/** What a person should know besides. */
function noteOf({ sign, report, trouble, fault, words, language }) {
	if (fault) return explained(fault, words);
	if (trouble) return words.again(explained(trouble, words));
	if (!report) return words.notes[sign] ?? '';
	const stale = report.tasks.find((task) => task.stale);
	const notes = [...absent(report, words), stale && words.stale(new Date(stale.checkedAt).toLocaleTimeString(language)), words.notes[sign]];
	return notes.filter(Boolean).join(' · ');
}

/** Which ids of several are missing, and whose fault it is where a product could not be asked. */
function absent({ tasks, notFound, undecided, problems }, words) {
	const alone = tasks.length + notFound.length + undecided.length < 2;
	const named = (entries, say) => (entries.length && !alone ? say(entries.map(({ id }) => id).join(', ')) : '');
	const faults = problems.filter((problem) => undecided.some((entry) => problemsOf(entry, [problem]).length));
	const products = faults.map((problem) => `${productName(problem).toUpperCase()} (${wordFor(words.reasons, problem.reason)})`).join(', ');
	return [named(notFound, words.notFound), named(undecided, words.outOfReach), products && words.undecided(products)];
}

/** The table's words, else the service's own. */
const explained = (fault, words) => words.reasons[fault.reason] ?? fault.message;

/** Shown without unfolding: what went wrong, and what has a word that nobody here knows. */
const isTroubled = ({ status }) => isBad(status) || status === 'unknown';

function fillRows(list, objects, words) {
	while (list.children.length > objects.length) list.lastChild.remove();
	while (list.children.length < objects.length) list.append(row());
	objects.forEach((object, at) => {
		const [path, match, verdict] = list.children[at].children;
		list.children[at].dataset.state = object.status;
		write(path, object.objectPath);
		write(match, object.match ? wordFor(words.matches, object.match) : '');
		write(verdict.firstChild, verdictOf(object, words));
		const told = vendorsWords(object);
		write(verdict.lastChild, told && ` · ${told}`);
	});
}

const row = () => node('li', 'object', node('span', 'path'), node('span', 'match'), node('span', 'verdict', node('span', 'word'), node('span', 'vendor')));

function verdictOf({ status, progress, error }, words) {
	if (error) return wordFor(words.reasons, error.reason);
	return status === 'running' && progress !== null ? `${progress} %` : wordFor(words.states, status);
}

/** As they came, where they say more than the state does. */
function vendorsWords({ status, rawStatus = '', error }) {
	const told = rawStatus.toLowerCase() === status ? [] : [rawStatus];
	return [...told, error?.message].filter(Boolean).join(', ');
}

/** Its class is for us, its part for the host page. @returns {any} */
function node(tag, name, ...children) {
	const made = document.createElement(tag);
	made.className = name;
	made.setAttribute('part', name);
	made.append(...children);
	return made;
}

function write(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

function set(element, attributes) {
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null) element.removeAttribute(name);
		else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
	}
}
