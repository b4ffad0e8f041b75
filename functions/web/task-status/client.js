/** What a front end calls. */
import { isBad } from './reports.js';
import { Endpoint, TaskStatusError, jsonOf } from './requests.js';
import { hubOf } from './watching.js';

/** @type {any} */
const NOTHING = {};
const ID = /^([a-z]+:)?\d{1,30}$/;

export class TaskStatusClient {
	#endpoint;
	#hub;

	constructor(url, { token, timing } = NOTHING) {
		this.#endpoint = new Endpoint(url, token);
		this.#hub = hubOf(this.#endpoint, token, timing);
	}

	async lookup(ids, { signal, ...parameters } = NOTHING) {
		return jsonOf(await this.#endpoint.ask({ taskId: checked(ids), ...parameters }, { signal }));
	}

	async list(filters = {}, { signal } = NOTHING) {
		return jsonOf(await this.#endpoint.ask(filters, { signal }));
	}

	async *pages(filters = {}, options = {}) {
		let page = await this.list(filters, options);
		for (yield page; page.nextPageToken; yield page) {
			page = await this.list({ ...filters, pageToken: page.nextPageToken }, options);
		}
	}

	async quota({ signal } = NOTHING) {
		return jsonOf(await this.#endpoint.quota(signal));
	}

	watch(ids, options = {}) {
		return this.#hub.watch(checked(ids), options);
	}

	async wait(ids, { until = 'done', onReport = (report) => {}, ...options } = {}) {
		let last;
		for await (const report of this.watch(ids, options)) {
			onReport((last = report));
			if (until === 'failed' && report.tasks.some(hasFailed)) break;
		}
		return last;
	}
}

const hasFailed = ({ objectCounts }) => Object.entries(objectCounts).some(([state, count]) => isBad(state) && count > 0);

/** The distinct ids. What can be none is refused: on a shared connection it would be everybody's fault. */
function checked(ids) {
	const distinct = [...new Set(typeof ids === 'string' ? ids.split(/[\s,]+/).filter(Boolean) : ids)];
	const wrong = distinct.filter((id) => !ID.test(id));
	if (distinct.length && !wrong.length) return distinct;
	const detail = 'an id is 1 to 30 digits, or product:digits like cdn:24840';
	const errors = wrong.map((value) => ({ parameter: 'taskId', value, detail }));
	throw new TaskStatusError({ reason: 'invalid-request', status: 400, detail, errors });
}
