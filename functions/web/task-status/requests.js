/** How the service is asked, and what is not an answer. */

/** Function Compute takes 4 KB; proxies in front of it have taken less. */
const LONG_URL = 2000;
const ARRAYS = ['taskId', 'product', 'status', 'objectType', 'objectPath'];

export class TaskStatusError extends Error {
	/** @param {any} problem */
	constructor({ reason, status = 0, title = '', detail = '', errors = [], problems = [], retryAfter, cause }) {
		super(detail || title || reason, { cause });
		this.name = 'TaskStatusError';
		this.reason = reason;
		this.status = status;
		this.errors = errors;
		this.problems = problems;
		this.retryAfter = retryAfter;
	}

	/** Whether it may pass by itself: the connection, a limit, a service in trouble. */
	get passing() {
		if (this.problems.length) return this.problems.some(({ retryAfter }) => retryAfter != null);
		return [0, 408, 429].includes(this.status) || (this.status >= 500 && this.reason !== 'auth-not-configured');
	}
}

export class Endpoint {
	#base;
	#token;

	constructor(url, token) {
		this.#base = new URL(url, globalThis.document?.baseURI);
		this.#base.search = this.#base.hash = '';
		if (!this.#base.pathname.endsWith('/')) this.#base.pathname += '/';
		this.#token = token;
	}

	get href() {
		return this.#base.href;
	}

	/** Gives a Response of 2xx, or throws. */
	ask(parameters, { accept = 'application/json', resume = '', signal = undefined } = {}) {
		const question = questionOf(parameters);
		const headers = { Accept: accept, ...(resume && { 'Last-Event-ID': resume }) };
		const url = new URL(`v1/tasks?${new URLSearchParams(question)}`, this.#base);
		if (!this.#prefersPost(url, question)) return this.#answer(url, { headers, signal });
		headers['Content-Type'] = 'application/json';
		return this.#answer(new URL('v1/tasks/query', this.#base), { method: 'POST', headers, body: JSON.stringify(question), signal });
	}

	quota(signal) {
		return this.#answer(new URL('v1/quota', this.#base), { headers: {}, signal });
	}

	/** Preflights are remembered per URL: across origins one URL for all questions costs one. */
	#prefersPost(url, { objectPath = [] }) {
		const { origin } = globalThis.location ?? this.#base;
		return origin !== this.#base.origin || url.href.length > LONG_URL || objectPath.length > 1;
	}

	async #answer(url, init) {
		let token = typeof this.#token === 'function' ? await this.#token() : this.#token;
		let response = await send(url, init, token);
		if (response.status === 401 && typeof this.#token === 'function') {
			const refused = token;
			token = await this.#token(refused);
			if (token !== refused) response = await send(url, init, token);
		}
		if (!response.ok) throw await problemOf(response);
		return response;
	}
}

export async function jsonOf(response) {
	try {
		return await response.json();
	} catch (cause) {
		throw lost(cause, 'malformed');
	}
}

export function retryAfterOf(response) {
	const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
	return Number.isNaN(seconds) ? undefined : seconds;
}

/** What breaks under way is an error of ours; what was stopped stays what it is. */
export function lost(cause, reason = 'unreachable') {
	const known = cause instanceof TaskStatusError || cause?.name === 'AbortError';
	return known ? cause : new TaskStatusError({ reason, cause });
}

/** As JSON takes it: arrays where the contract has them, times in words, nothing empty. */
function questionOf(parameters) {
	const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
	return Object.fromEntries(given.map(([name, value]) => [name, ARRAYS.includes(name) ? [value].flat() : value.toJSON?.() ?? value]));
}

async function send(url, init, token) {
	const headers = { ...init.headers, ...(token && { Authorization: `Bearer ${token}` }) };
	try {
		return await fetch(url, { ...init, headers, cache: 'no-store' });
	} catch (cause) {
		throw init.signal?.aborted ? init.signal.reason : lost(cause);
	}
}

async function problemOf(response) {
	const named = response.headers.get('Content-Type')?.startsWith('application/problem+json');
	const problem = named ? await response.json().catch(() => ({})) : await response.body?.cancel();
	const { status, statusText: title } = response;
	return new TaskStatusError({ reason: 'unexpected-answer', title, ...problem, status, retryAfter: retryAfterOf(response) });
}
