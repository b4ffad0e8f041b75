/** What a front end calls. */
import { idsIn, isId } from './ids.js';
import { TIMING, backoff, pause } from './timeouts.js';
import { isBad } from './reports.js';
import { Endpoint, TaskStatusError, jsonOf } from './requests.js';
import { TokenSource } from './tokens.js';
import { hubOf } from './shared-connections.js';

/** @type {any} */
const NOTHING = {};

export class TaskStatusClient {
	#endpoint;
	#tokens;
	#timing;

	constructor(url, { token, timing } = NOTHING) {
		this.#endpoint = new Endpoint(url);
		this.#timing = { ...TIMING, ...timing };
		this.#tokens = new TokenSource(token, this.#timing.answer);
	}

	/** What is asked of one may be left to the other. */
	equals(other) {
		if (!(other instanceof TaskStatusClient)) return false;
		const sameTiming = JSON.stringify(this.#timing) === JSON.stringify(other.#timing);
		return sameTiming && this.#endpoint.href === other.#endpoint.href && this.#tokens.equals(other.#tokens);
	}

	async lookup(ids, { signal, ...parameters } = NOTHING) {
		const question = { taskId: checked(ids), ...parameters };
		return this.#json(signal, (options) => this.#endpoint.ask(question, options));
	}

	async list(filters = {}, { signal } = NOTHING) {
		return this.#json(signal, (options) => this.#endpoint.ask(filters, options));
	}

	async *pages(filters = {}, options = {}) {
		let page = await this.list(filters, options);
		for (yield page; page.nextPageToken; yield page) {
			page = await this.list({ ...filters, pageToken: page.nextPageToken }, options);
		}
	}

	async submit({ objectPaths, ...submission }, { signal, idempotencyKey } = NOTHING) {
		const body = { ...submission, objectPaths: [objectPaths].flat() };
		return this.#json(signal, (options) => this.#endpoint.submit(body, { idempotencyKey, ...options }));
	}

	async quota({ signal } = NOTHING) {
		return this.#json(signal, (options) => this.#endpoint.get('quota', options));
	}

	async check(url, { signal } = NOTHING) {
		return this.#json(signal, (options) => this.#endpoint.check(String(url), options));
	}

	async capabilities({ signal } = NOTHING) {
		return this.#json(signal, (options) => this.#endpoint.get('capabilities', options));
	}

	watch(ids, options = NOTHING) {
		return this.#watch(checked(ids), options);
	}

	async wait(ids, { until = 'done', onReport = (report) => {}, ...options } = {}) {
		let last;
		for await (const report of this.watch(ids, options)) {
			onReport((last = report));
			if (until === 'failed' && report.tasks.some(hasFailed)) break;
		}
		return last;
	}

	async *#watch(ids, options) {
		options.signal?.throwIfAborted();
		const token = await this.#firstToken(options);
		yield* hubOf(this.#endpoint, token, this.#timing).watch(ids, this.#tokens, options);
	}

	/** Whoever hands out tokens may be in trouble for a while, like the service itself. */
	async #firstToken({ signal, onTrouble = (fault) => {} }) {
		for (let failures = 0; ; failures += 1) {
			try {
				const token = await this.#tokens.get({ signal });
				if (failures) onTrouble(null);
				return token;
			} catch (fault) {
				if (!fault.passing) throw fault;
				onTrouble(fault);
				await pause(backoff(this.#timing, failures), signal);
			}
		}
	}

	/** A token that is refused is asked for again, once. */
	async #json(signal, send) {
		const token = await this.#tokens.get({ signal });
		const answer = async (/** @type {string | undefined} */ bearer) => jsonOf(await send({ token: bearer, signal }), signal);
		try {
			return await answer(token);
		} catch (fault) {
			const other = fault.status === 401 ? await this.#tokens.get({ refused: token, signal }) : token;
			if (other === token) throw fault;
			return answer(other);
		}
	}
}

const hasFailed = ({ objectCounts }) => Object.entries(objectCounts).some(([state, count]) => isBad(state) && count > 0);

/** The distinct ids. What can be none is refused: on a shared connection it would be everybody's fault. */
function checked(ids) {
	const distinct = idsIn(ids);
	const wrong = distinct.filter((id) => !isId(id));
	if (distinct.length && !wrong.length) return distinct;
	const detail = 'an id is 1 to 30 digits, or product:digits like cdn:24840 or acme/cdn:24840';
	const errors = wrong.map((value) => ({ parameter: 'taskId', value, detail }));
	throw new TaskStatusError({ reason: 'invalid-request', status: 400, detail, errors });
}
