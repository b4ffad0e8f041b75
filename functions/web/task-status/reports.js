/** Reports on any ids, out of whatever answers came, by the contract's rules. */
import { productName } from './ids.js';
import { TaskStatusError } from './requests.js';

const STATES = ['pending', 'running', 'complete', 'failed', 'timeout', 'canceled', 'unknown'];
const BAD = STATES.slice(3, 6);

/** Whether it is over without having worked. */
export const isBad = (status) => BAD.includes(status);
export const sum = (figures) => figures.reduce((total, figure) => total + figure, 0);

/** What a service sent as a report. Throws where a proxy or another service answered in its place. */
export function reportIn(sent) {
	const lists = [sent?.tasks, sent?.notFound, sent?.undecided, sent?.problems];
	if (lists.every(Array.isArray) && sent.summary) return sent;
	throw new TaskStatusError({ reason: 'malformed' });
}

/** One state for many, at least one: the contract's rule for the rows of a task. */
export function foldStatus(states) {
	const seen = new Set(states);
	if (seen.has('running') || (seen.has('pending') && seen.size > 1)) return 'running';
	if (seen.has('pending')) return 'pending';
	const known = states.every((state) => STATES.includes(state) && state !== 'unknown');
	return known ? BAD.find((bad) => seen.has(bad)) ?? 'complete' : 'unknown';
}

/**
 * A report over these parts. `asked` counts ids, of which a bare one can be two tasks; `over` is the service's word.
 * @type {typeof import('../task-status.js').reportOf}
 */
export function reportOf({ tasks = [], notFound = [], undecided = [], problems = [] }, asked, over = false) {
	const absent = [...notFound, ...undecided];
	const ids = asked ?? tasks.length + absent.length;
	const open = notFound.some(mayAppear) || undecided.some((entry) => mayAppear(entry) || isPassing(entry, problems));
	const done = over || (!open && tasks.every((task) => task.done));
	const counts = Object.fromEntries(STATES.map((state) => [state, tasks.filter(({ status }) => status === state).length]));
	const summary = /** @type {any} */ ({
		...counts,
		asked: ids,
		found: ids - absent.length,
		notFound: notFound.length,
		undecided: undecided.length,
		progress: meanOf(tasks),
		done,
		outcome: done ? outcomeOf(tasks, absent.length > 0 || !ids) : null,
	});
	return { tasks, notFound, undecided, problems, summary };
}

/** Of every task the answer with the later `checkedAt`: no bar jumps back because another instance answered. */
export class Ledger {
	/** `{task, objects}`, the rows asked for, by bare id, which two products may know. */
	#tasks = new Map();
	/** `{notFound}` or `{undecided}` by the id as it was asked. */
	#absent = new Map();
	/** Rows asked for, by ids that the service called over. */
	#closed = new Map();
	#problems = [];

	/** A report, or an update with only the tasks that changed; `ids` were asked, with `objects` rows a task. */
	take({ tasks, notFound, undecided, problems }, ids, objects) {
		for (const task of tasks) this.#keep(task, objects);
		for (const id of ids) this.#absent.delete(id);
		for (const entry of notFound) this.#absent.set(entry.id, { notFound: [entry] });
		for (const entry of undecided) this.#absent.set(entry.id, { undecided: [entry] });
		this.#problems = problems;
	}

	close(ids, objects) {
		for (const id of ids) this.#closed.set(id, objects);
	}

	/** What was not there or not over may have changed since. */
	reopen(ids) {
		for (const id of ids) {
			if (this.#absent.delete(id) || !this.#known(id).every(({ task }) => task.done)) this.#closed.delete(id);
		}
	}

	/** Whether something is known, with as many rows as wanted. */
	covers(id, objects) {
		if (this.#closed.get(id) >= objects) return true;
		const known = this.#known(id);
		return known.length ? known.every((entry) => entry.objects >= objects || !entry.task.objectsOmitted) : this.#absent.has(id);
	}

	/** Whether asking again would change nothing. */
	settled(id, objects) {
		return this.#closed.get(id) >= objects || (this.covers(id, objects) && this.report([id]).summary.done);
	}

	report(ids, over = false) {
		const parts = ids.map((id) => this.#part(id));
		const all = (name) => parts.flatMap((part) => part[name] ?? []);
		const tasks = [...new Map(all('tasks').map((task) => [task.id, task])).values()];
		const problems = this.#problems.filter((problem) => ids.some((id) => this.#concerns(productName(problem), id)));
		return reportOf({ tasks, notFound: all('notFound'), undecided: all('undecided'), problems }, ids.length, over);
	}

	/** A task stays on show while the product that could tell more is out of reach. */
	#part(id) {
		const absence = this.#absent.get(id);
		const tasks = this.#known(id).map(({ task }) => task);
		if (!absence || (tasks.length && tasks.every(({ done }) => done))) return { tasks };
		if (!tasks.length || reportOf({ ...absence, problems: this.#problems }).summary.done) return absence;
		return { tasks: tasks.map((task) => ({ ...task, stale: true })) };
	}

	/** Whether an id was, or may have been, asked of a product. */
	#concerns(product, id) {
		const { notFound, undecided } = this.#absent.get(id) ?? {};
		const [entry] = notFound ?? undecided ?? [];
		return entry ? entry.products.includes(product) : (productOf(id) ?? product) === product;
	}

	#keep(task, objects) {
		const namesakes = this.#tasks.get(task.taskId) ?? [];
		const known = namesakes.find((entry) => entry.task.id === task.id);
		if (known && Date.parse(task.checkedAt) < Date.parse(known.task.checkedAt)) return;
		this.#tasks.set(task.taskId, [...namesakes.filter((entry) => entry !== known), { task, objects }]);
	}

	#known(id) {
		const product = productOf(id);
		const namesakes = this.#tasks.get(product ? id.slice(product.length + 1) : id) ?? [];
		return namesakes.filter(({ task }) => !product || productName(task) === product);
	}
}

/** Of a qualified id. @returns {string | undefined} */
const productOf = (id) => (id.includes(':') ? id.split(':')[0] : undefined);

const mayAppear = (entry) => Boolean(entry.mayAppear);

/** The problems that keep an id undecided: those of the products that would have to be asked for it. */
export const problemsOf = ({ products }, problems) => problems.filter((problem) => products.includes(productName(problem)));

const isPassing = (entry, problems) => problemsOf(entry, problems).some(({ retryAfter }) => retryAfter != null);

/**
 * How far all that was asked for has come, 0 to 100: `summary.progress` is the mean over the tasks that were found, and
 * here what was not found has come nowhere.
 */
export function progressOf({ tasks, notFound, undecided, summary: { progress } }) {
	const absent = notFound.length + undecided.length;
	return progress === null || !absent ? progress : cut((progress * tasks.length) / (tasks.length + absent));
}

/** To two decimals, and never up. */
const cut = (figure) => Math.floor(figure * 100 + 1e-6) / 100;

/** Never rounded up: 100 is for what is complete. */
function meanOf(tasks) {
	const figures = tasks.flatMap(({ progress }) => progress ?? []);
	if (!figures.length) return null;
	const mean = cut(sum(figures) / figures.length);
	return tasks.every(({ status }) => status === 'complete') ? mean : Math.min(mean, 99.99);
}

function outcomeOf(tasks, missing) {
	if (tasks.some(({ status }) => isBad(status))) return 'failed';
	return missing ? 'missing' : 'succeeded';
}
