/** How the service is asked, and what is not an answer. */

/** Function Compute takes 4 KB; proxies in front of it have taken less. */
const LONG_URL = 2000;
const ARRAYS = ['taskId', 'product', 'account', 'status', 'objectType', 'objectPath'];

export class TaskStatusError extends Error {
	/** @param {any} problem */
	constructor({ reason, status = 0, title = '', detail = '', errors = [], problems = [], rejected = [], retryAfter, cause }) {
		super(detail || title || reason, { cause });
		this.name = 'TaskStatusError';
		this.reason = reason;
		this.status = status;
		this.errors = errors;
		this.problems = problems;
		this.rejected = rejected;
		this.retryAfter = retryAfter;
	}

	/** Whether it may pass by itself: the connection, a limit, a service in trouble. */
	get passing() {
		if (this.problems.length) return this.problems.some(({ retryAfter }) => retryAfter != null);
		if (this.status >= 500) return this.reason !== 'auth-not-configured';
		return [408, 429].includes(this.status) || PASSING.includes(this.reason);
	}
}

/** Reasons of the client's own, without a status. */
const PASSING = ['unreachable', 'no-answer', 'malformed', 'token-unavailable'];

export class Endpoint {
	#base;

	constructor(url) {
		try {
			this.#base = new URL(url, globalThis.document?.baseURI);
		} catch (cause) {
			throw new TaskStatusError({ reason: 'invalid-endpoint', detail: `not a URL: ${url}`, cause });
		}
		this.#base.search = this.#base.hash = '';
		if (!this.#base.pathname.endsWith('/')) this.#base.pathname += '/';
	}

	get href() {
		return this.#base.href;
	}

	/**
	 * Lookups and lists. Gives a Response of 2xx, or throws, as all of these do.
	 * @param {any} parameters @param {any} options
	 */
	ask(parameters, { accept = 'application/json', resume = '', token, signal }) {
		const question = questionOf(parameters);
		const headers = { Accept: accept, ...(resume && { 'Last-Event-ID': resume }) };
		const url = new URL(`v1/tasks?${new URLSearchParams(question)}`, this.#base);
		return this.#prefersPost(url, question)
			? this.#post('v1/tasks/query', question, headers, { token, signal })
			: answerOf(url, { headers }, { token, signal });
	}

	submit(submission, { idempotencyKey = '', token, signal }) {
		const headers = idempotencyKey ? { 'Idempotency-Key': idempotencyKey } : {};
		return this.#post('v1/tasks', submission, headers, { token, signal });
	}

	check(url, credentials) {
		return this.#post('v1/checks', { url }, {}, credentials);
	}

	/** One of the routes without parameters. */
	get(route, credentials) {
		return answerOf(new URL(`v1/${route}`, this.#base), {}, credentials);
	}

	#post(path, body, headers, credentials) {
		const init = { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
		return answerOf(new URL(path, this.#base), init, credentials);
	}

	/** Preflights are remembered per URL: across origins one URL for all questions costs one. */
	#prefersPost(url, { objectPath = [] }) {
		const { origin } = globalThis.location ?? this.#base;
		return origin !== this.#base.origin || url.href.length > LONG_URL || objectPath.length > 1;
	}
}

export async function jsonOf(response, signal) {
	try {
		return await response.json();
	} catch (cause) {
		throw lost(cause, signal);
	}
}

export function retryAfterOf(response) {
	const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
	return Number.isNaN(seconds) ? undefined : seconds;
}

/** What became of an answer that did not come whole: it was stopped, is no JSON, or the connection broke. */
export function lost(cause, signal) {
	if (signal?.aborted) return signal.reason;
	return new TaskStatusError({ reason: cause instanceof SyntaxError ? 'malformed' : 'unreachable', cause });
}

/** As JSON takes it: arrays where the contract has them, times in words, nothing empty. */
function questionOf(parameters) {
	const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
	return Object.fromEntries(given.map(([name, value]) => [name, ARRAYS.includes(name) ? [value].flat() : value.toJSON?.() ?? value]));
}

/** @param {RequestInit} init */
async function answerOf(url, init, { token, signal }) {
	const headers = { ...init.headers, ...(token && { Authorization: `Bearer ${token}` }) };
	let response;
	try {
		response = await fetch(url, { ...init, headers, signal, cache: 'no-store' });
	} catch (cause) {
		throw lost(cause, signal);
	}
	if (!response.ok) throw await problemOf(response);
	return response;
}

async function problemOf(response) {
	const named = response.headers.get('Content-Type')?.startsWith('application/problem+json');
	const problem = named ? await response.json().catch(() => ({})) : await response.body?.cancel();
	const { status, statusText: title } = response;
	return new TaskStatusError({ reason: 'unexpected-answer', title, ...problem, status, retryAfter: retryAfterOf(response) });
}
