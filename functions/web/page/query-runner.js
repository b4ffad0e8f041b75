/** One question being answered: asked, then followed while something moves. */
import { reportOf } from '../task-status.js';
import { showRows } from './rows.js';
import { asOf, blank, notice, offerMore, offerOtherScheme, say, summarize } from './status-bar.js';
import { words } from './i18n.js';

const AGAIN_MS = 3000;

export class Inquiry {
	#client;
	#asked;
	#hooks;
	#over = new AbortController();
	#watch = new AbortController();
	/** Of a list: its tasks, and those of which more objects are wanted. */
	#tasks = new Map();
	#expanded = new Set();
	#problems = [];
	#objects = 20;

	/**
	 * `hooks.tell` is told of what went wrong, `hooks.renew` asks the question anew. What the page shows stays until there
	 * is an answer, if this one is a renewal.
	 */
	constructor(client, asked, hooks, renewed = false) {
		this.#client = client;
		this.#asked = asked;
		this.#hooks = hooks;
		if (!renewed) blank();
		this.#run(asked.taskId ? this.#follow() : this.#list());
	}

	stop() {
		this.#over.abort();
		this.#watch.abort();
	}

	async #run(work) {
		try {
			await work;
		} catch (fault) {
			if (!this.#over.signal.aborted) this.#hooks.tell(fault);
		}
	}

	/** One page; `older` tells that somebody wanted it besides what is shown. */
	async #list(pageToken, older = false) {
		const page = await this.#client.list({ ...this.#asked, pageToken }, { signal: this.#over.signal });
		this.#problems = page.problems;
		// A page may be empty, and not the last. A product in trouble is not pressed: people may go on when they want to.
		if (!page.tasks.length && page.nextPageToken && !page.problems.length) return this.#list(page.nextPageToken, older);
		this.#note();
		this.#merge(page);
		offerOtherScheme(page.otherScheme);
		if (!older) asOf(new Date(), this.#hooks.renew);
		offerMore(page.nextPageToken && (() => this.#run(this.#list(page.nextPageToken, true))));
		await this.#follow();
		// Of an object: a preload follows a refresh.
		return page.summary?.done === false && setTimeout(() => this.#run(this.#list()), AGAIN_MS);
	}

	async #follow() {
		this.#watch.abort();
		const { signal } = (this.#watch = new AbortController());
		const open = [...this.#tasks.values()].filter(({ done, id }) => !done || this.#expanded.has(id));
		const ids = this.#asked.taskId ?? open.map(({ id }) => id);
		const options = { signal, objects: this.#objects, onTrouble: this.#note };
		try {
			if (ids.length) for await (const report of this.#client.watch(ids, options)) this.#take(report);
		} catch (fault) {
			if (!signal.aborted) throw fault;
		}
	}

	#take(report) {
		if (!this.#asked.taskId) return this.#merge(report);
		showRows(report, this.#expand);
		summarize(report);
		return notice(report.problems);
	}

	#merge({ tasks }) {
		for (const task of tasks) this.#tasks.set(task.id, withMatch(task, this.#tasks.get(task.id)));
		showRows(reportOf({ tasks: [...this.#tasks.values()] }), this.#expand);
		say(words.shown(this.#tasks.size));
	}

	#note = (fault = null) => notice(this.#problems, fault, true);

	#expand = (id, objects) => {
		this.#expanded.add(id);
		this.#objects = Math.max(this.#objects, objects);
		this.#run(this.#follow());
	};
}

/** How a task concerns the URL that was asked for is said by the list alone, not by what follows its tasks. */
function withMatch(task, before) {
	if (!before?.match || task.match) return task;
	const matches = new Map(before.objects.map(({ objectPath, match }) => [objectPath, match]));
	return { ...task, match: before.match, objects: task.objects.map((object) => ({ ...object, match: matches.get(object.objectPath) })) };
}
