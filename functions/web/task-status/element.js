/** `<task-status>`: a bar, the state in words, what failed and why. */
import { TaskStatusClient } from './client.js';
import { foldStatus, reportOf } from './reports.js';
import { TaskStatusError } from './requests.js';
import { style } from './style.js';
import { view } from './view.js';

/** Where there is no DOM the module can still be imported, for its client. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});
const MOST_OBJECTS = 20_000;

export class TaskStatusElement extends Base {
	static observedAttributes = ['task-id', 'endpoint', 'objects', 'lang'];
	#client;
	#token;
	#report;
	#trouble;
	#fault;
	#watching = new AbortController();
	#view = view();

	constructor() {
		super();
		const root = this.attachShadow({ mode: 'open' });
		root.adoptedStyleSheets = [style()];
		root.append(this.#view.root);
		this.#view.more.onclick = () => this.#showMore();
	}

	connectedCallback() {
		this.#watch();
	}

	disconnectedCallback() {
		this.#watching.abort();
	}

	attributeChangedCallback(name, old, value) {
		if (old === value || !this.isConnected) return;
		if (name === 'task-id' || name === 'endpoint') this.#report = undefined;
		if (name === 'lang') this.#draw();
		else this.#watch();
	}

	get taskId() {
		return this.getAttribute('task-id') ?? '';
	}

	set taskId(ids) {
		this.setAttribute('task-id', ids);
	}

	get endpoint() {
		return this.getAttribute('endpoint') ?? '';
	}

	set endpoint(url) {
		this.setAttribute('endpoint', url);
	}

	get objects() {
		const count = Number.parseInt(this.getAttribute('objects') ?? '', 10);
		return count >= 0 ? Math.min(count, MOST_OBJECTS) : 20;
	}

	set objects(count) {
		this.setAttribute('objects', String(count));
	}

	/** Never an attribute, where it would travel with the markup. */
	get token() {
		return this.#token;
	}

	set token(token) {
		this.#token = token;
		this.#watch();
	}

	get client() {
		return this.#client;
	}

	set client(client) {
		this.#client = client;
		this.#watch();
	}

	get report() {
		return this.#report;
	}

	set report(report) {
		this.#report = report;
		this.#draw();
	}

	set task(task) {
		this.report = reportOf({ tasks: [task] });
	}

	get state() {
		if (!this.#report) return this.#fault ? 'fault' : 'asking';
		const { tasks, undecided, notFound } = this.#report;
		if (tasks.length) return foldStatus(tasks.map(({ status }) => status));
		if (undecided.length) return 'undecided';
		return notFound.some(({ mayAppear }) => mayAppear) ? 'appearing' : 'not-found';
	}

	get done() {
		return this.#report?.summary.done ?? false;
	}

	async #watch() {
		this.#watching.abort();
		if (!this.isConnected) return;
		const { signal } = (this.#watching = new AbortController());
		this.#fault = this.#trouble = undefined;
		this.#draw();
		if (!this.taskId || !(this.#client || this.hasAttribute('endpoint'))) return;
		try {
			await this.#follow(signal);
			this.#fire('done', this.#report);
		} catch (fault) {
			if (signal.aborted) return;
			this.#fault = fault instanceof TaskStatusError ? fault : new TaskStatusError({ reason: 'unexpected', cause: fault });
			this.#draw();
			this.#fire('error', this.#fault);
		}
	}

	async #follow(signal) {
		const client = this.#client ?? new TaskStatusClient(this.endpoint, { token: this.#token });
		const onTrouble = (fault) => {
			this.#trouble = fault;
			this.#draw();
		};
		for await (const report of client.watch(this.taskId, { objects: this.objects, signal, onTrouble })) {
			this.report = report;
			this.#fire('change', report);
		}
	}

	/** Whoever sets `report` learns from `more` that more objects are wanted. */
	#showMore() {
		this.objects = Math.max(this.objects, 2) * 10;
		this.#fire('more', this.objects);
	}

	#fire(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	#draw() {
		if (!this.isConnected) return;
		const language = this.closest('[lang]')?.getAttribute('lang') || navigator.language;
		this.dataset.state = this.state;
		this.#view.show(this, { language, trouble: this.#trouble, fault: this.#fault });
	}
}
