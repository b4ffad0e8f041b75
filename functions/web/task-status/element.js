/** `<task-status>`: a bar, the state in words, what failed and why. */
import { TaskStatusClient } from './client.js';
import { idsIn } from './ids.js';
import { foldStatus, reportOf } from './reports.js';
import { TaskStatusError } from './requests.js';
import { dress } from './style.js';
import { view } from './view.js';

/** Where there is no DOM the module can still be imported, for its client. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});
const MOST_OBJECTS = 20_000;
/** Frameworks set a new function at every rendering; what it hands out is looked at once they have come to rest. */
const REST_MS = 1000;
const SETTABLE = ['taskId', 'endpoint', 'objects', 'token', 'client', 'report', 'task'];
/** What a framework writes as an attribute, when it comes before this module: a token leaves the markup again. */
const TOKEN = /^[\w.~+/-]+=*$/;

export class TaskStatusElement extends Base {
	static observedAttributes = ['task-id', 'taskid', 'endpoint', 'objects', 'lang'];
	#client;
	#token;
	/** What a function handed out last. */
	#tokenInUse;
	#resting;
	#report;
	#trouble;
	#fault;
	#over = false;
	#watching = new AbortController();
	#view = view();

	constructor() {
		super();
		const root = this.attachShadow({ mode: 'open' });
		dress(root);
		root.append(this.#view.root);
		this.#view.more.onclick = () => this.#showMore();
		this.#takeWhatCameEarlier();
	}

	connectedCallback() {
		if (this.#over) this.#draw();
		else this.#watch();
	}

	disconnectedCallback() {
		this.#watching.abort();
	}

	/** Where a page moves it by `moveBefore` it never leaves. */
	connectedMoveCallback() {
		this.#draw();
	}

	attributeChangedCallback(name, old, value) {
		if (old === value) return;
		if (name === 'lang') this.#draw();
		else this.#restart(name !== 'objects');
	}

	get taskId() {
		return this.getAttribute('task-id') ?? this.getAttribute('taskid') ?? '';
	}

	set taskId(ids) {
		this.#write('task-id', Array.isArray(ids) ? ids.join(',') : ids);
	}

	get endpoint() {
		return this.getAttribute('endpoint') ?? '';
	}

	set endpoint(url) {
		this.#write('endpoint', url);
	}

	get objects() {
		const count = Number.parseInt(this.getAttribute('objects') ?? '', 10);
		return count >= 0 ? Math.min(count, MOST_OBJECTS) : 20;
	}

	set objects(count) {
		this.#write('objects', count);
	}

	/** Never an attribute, where it would travel with the markup. */
	get token() {
		return this.#token;
	}

	set token(token) {
		const before = this.#token;
		if (token === before) return;
		this.#token = token;
		if (this.#client) return;
		const following = typeof token === 'function' && typeof before === 'function' && !this.#fault;
		if (following) this.#askNewFunction();
		else if (!this.done) this.#restart();
	}

	get client() {
		return this.#client;
	}

	set client(client) {
		const before = this.#client;
		this.#client = client;
		if (client !== before && !client?.equals?.(before)) this.#restart(true);
	}

	get report() {
		return this.#report;
	}

	set report(report) {
		this.#report = report;
		this.#draw();
	}

	set task(task) {
		this.report = task && reportOf({ tasks: [task] });
	}

	get state() {
		if (this.#report) return stateOf(this.#report);
		if (this.#fault) return 'fault';
		return this.#asks && !this.taskId ? 'idle' : 'asking';
	}

	get done() {
		return this.#report?.summary.done ?? false;
	}

	/** Whether it asks by itself, and is not only shown reports. */
	get #asks() {
		return Boolean(this.#client || this.endpoint || this.taskId);
	}

	#restart(forgetting = false) {
		this.#over = false;
		if (forgetting) this.#report = undefined;
		if (this.isConnected) this.#watch();
	}

	async #watch() {
		this.#watching.abort();
		const { signal } = (this.#watching = new AbortController());
		this.#fault = this.#trouble = undefined;
		this.#draw();
		if (!idsIn(this.taskId).length) return;
		try {
			await this.#follow(signal);
			if (this.#over) this.#fire('done', this.#report);
		} catch (fault) {
			if (signal.aborted) return;
			this.#fault = fault instanceof TaskStatusError ? fault : new TaskStatusError({ reason: 'unexpected', cause: fault });
			this.#draw();
			this.#fire('error', this.#fault);
		}
	}

	async #follow(signal) {
		const client = this.#client ?? this.#ownClient();
		const onTrouble = (fault) => {
			this.#trouble = fault;
			this.#draw();
		};
		for await (const report of client.watch(this.taskId, { objects: this.objects, signal, onTrouble })) {
			// Before anybody hears of it, who may move this element at once.
			this.#over = report.summary.done;
			this.report = report;
			this.#fire('change', report);
		}
	}

	/** It asks whichever function is the newest, so that another function needs no other client. */
	#ownClient() {
		if (!this.endpoint) throw new TaskStatusError({ reason: 'missing-endpoint' });
		const newest = async (refused) => {
			const token = typeof this.#token === 'function' ? this.#token(refused) : this.#token;
			return (this.#tokenInUse = await token);
		};
		return new TaskStatusClient(this.endpoint, { token: typeof this.#token === 'function' ? newest : this.#token });
	}

	/** The same token from a new function changes nothing; another one is somebody else, who may see other things. */
	#askNewFunction() {
		this.#resting ??= setTimeout(async () => {
			this.#resting = undefined;
			if (!this.isConnected || this.done || typeof this.#token !== 'function') return;
			const token = await Promise.resolve(this.#token()).catch(() => this.#tokenInUse);
			if (token !== this.#tokenInUse) this.#restart();
		}, REST_MS);
	}

	/** Properties that were set, and attributes that were written, before there was a class for them. */
	#takeWhatCameEarlier() {
		const early = SETTABLE.filter((name) => Object.hasOwn(this, name)).map((name) => [name, this[name]]);
		for (const [name, value] of early) {
			delete this[name];
			this[name] = value;
		}
		const written = this.getAttribute('token');
		if (written === null) return;
		this.removeAttribute('token');
		if (TOKEN.test(written)) this.#token ??= written;
	}

	#write(attribute, value) {
		if (value === undefined || value === null) this.removeAttribute(attribute);
		else this.setAttribute(attribute, String(value));
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

/** One state for all ids. Complete is only what succeeded as a whole. */
function stateOf({ tasks, undecided, notFound, summary }) {
	const folded = tasks.length ? foldStatus(tasks.map(({ status }) => status)) : undefined;
	if (folded && folded !== 'complete') return folded;
	if (undecided.length) return 'undecided';
	if (notFound.some(({ mayAppear }) => mayAppear)) return 'appearing';
	if (notFound.length || !folded) return folded ? 'missing' : 'not-found';
	return summary.outcome === 'succeeded' ? 'complete' : 'settling';
}
