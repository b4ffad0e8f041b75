/**
 * Three ways to follow tasks, best first: an event stream; else requests that the service holds until something
 * changes; where those come back at once, asking again when `Retry-After` says so.
 */
import { eventsOf } from './event-stream.js';
import { TaskStatusError, jsonOf, lost, retryAfterOf } from './requests.js';

const STREAM = 'text/event-stream';
const SILENCE = 'no-answer';

/** Thrown by a way that does not work here. */
const UNSUITABLE = new TaskStatusError({ reason: 'unsuitable' });

/** Follows a fixed set of ids until they are over, or it is stopped. */
export class Link {
	#stop = new AbortController();
	/** Of the last report, where a stream goes on. */
	version;
	/** In a row: exchanges that failed, answers that told nothing new. */
	failures = 0;
	idle = 0;

	constructor(hub, ids, objects) {
		this.hub = hub;
		this.ids = ids;
		this.objects = objects;
		this.question = { taskId: ids, objects };
		this.signal = this.#stop.signal;
		this.#run();
	}

	serves(ids, objects) {
		return !this.signal.aborted && objects <= this.objects && ids.every((id) => this.ids.includes(id));
	}

	stop() {
		this.#stop.abort();
	}

	async #run() {
		try {
			while (!this.signal.aborted) await this.#exchange(this.hub.way);
		} catch (fault) {
			this.stop();
			this.hub.fail(fault);
		}
	}

	take(report) {
		this.idle = report.version === this.version ? this.idle + 1 : 0;
		this.version = report.version;
		this.hub.ledger.take(report, this.ids, this.objects);
		if (this.failures) this.hub.trouble(null);
		this.failures = 0;
		if (report.summary.done) this.over();
		else this.hub.offer();
	}

	/** The service has nothing to add. */
	over() {
		this.stop();
		this.hub.ledger.close(this.ids, this.objects);
		this.hub.offer();
	}

	async #exchange(way) {
		try {
			await pause(await WAYS[way](this), this.signal);
		} catch (fault) {
			if (this.signal.aborted) return;
			if (fault === UNSUITABLE) this.hub.way = Math.max(this.hub.way, way + 1);
			else await this.#recover(fault);
		}
	}

	#recover(fault) {
		if (!fault.passing) throw fault;
		// One cut is nobody's business: mostly the next exchange goes well.
		if (this.failures || fault.retryAfter) this.hub.trouble(fault);
		const { retry, retryMost } = this.hub.timing;
		const backoff = Math.min(retry * 2 ** this.failures++, retryMost);
		return pause(jittered(Math.max(fault.retryAfter ?? 0, backoff)), this.signal);
	}
}

/** Each way does one exchange and gives the seconds until the next. */
const WAYS = [streamed, held, polled];

async function streamed(link) {
	const { endpoint, timing } = link.hub;
	try {
		return await patiently(link, link.version ? timing.stall : timing.start, async (signal, renew) => {
			const response = await endpoint.ask(link.question, { accept: STREAM, resume: link.version, signal });
			if (response.status === 204) link.over();
			return received(link, response, () => renew(timing.stall));
		});
	} catch (fault) {
		const silent = fault.reason === SILENCE && !link.version;
		throw silent || fault.status === 406 ? UNSUITABLE : fault;
	}
}

async function received(link, response, renew) {
	if (link.signal.aborted) return 0;
	if (!response.headers.get('Content-Type')?.startsWith(STREAM)) throw UNSUITABLE;
	let seconds = link.hub.timing.retry;
	let living = link.version;
	const alive = () => renew((living = true));
	for await (const { type, data } of eventsOf(response.body, { alive, retry: (ms) => (seconds = ms / 1000) })) {
		if (type === 'report' || type === 'update') link.take(parsed(data));
		else if (type === 'done') link.over();
		else if (type === 'problem') throw new TaskStatusError({ status: 503, ...parsed(data) });
	}
	if (!living) throw UNSUITABLE;
	return jittered(seconds);
}

async function held(link) {
	const { hold, answer } = link.hub.timing;
	const { version } = link;
	const begun = Date.now();
	const holding = version && { wait: Math.ceil(hold), until: 'changed', after: version };
	await asked(link, { ...link.question, ...holding }, (version ? hold : 0) + answer);
	// Twice told nothing new at once: here requests are not held.
	if (link.idle > 1 && Date.now() - begun < Math.min(hold, 4) * 500) throw UNSUITABLE;
	return 0;
}

async function polled(link) {
	const { poll, pollMost, answer } = link.hub.timing;
	const retryAfter = await asked(link, link.question, answer);
	return jittered(retryAfter || Math.min(poll * 1.5 ** link.idle, pollMost));
}

function asked(link, question, seconds) {
	return patiently(link, seconds, async (signal) => {
		const response = await link.hub.endpoint.ask(question, { signal });
		link.take(await jsonOf(response));
		return retryAfterOf(response);
	});
}

/** Ends what for so many seconds gives no sign of life, told by `renew`. */
async function patiently(link, seconds, act) {
	const expiry = new AbortController();
	let timer;
	const renew = (more) => {
		clearTimeout(timer);
		timer = setTimeout(() => expiry.abort(new TaskStatusError({ reason: SILENCE })), more * 1000);
	};
	renew(seconds);
	try {
		return await act(AbortSignal.any([link.signal, expiry.signal]), renew);
	} catch (fault) {
		throw expiry.signal.aborted ? expiry.signal.reason : lost(fault);
	} finally {
		clearTimeout(timer);
	}
}

/** Waits, but not in vain: the network coming back and a page coming into view end it. */
async function pause(seconds, signal) {
	if (!seconds || signal.aborted) return;
	const end = new AbortController();
	const once = { signal: end.signal };
	let timer;
	await new Promise((wake) => {
		timer = setTimeout(wake, seconds * 1000);
		signal.addEventListener('abort', wake, once);
		globalThis.addEventListener?.('online', wake, once);
		globalThis.document?.addEventListener('visibilitychange', () => document.hidden || wake(0), once);
	});
	clearTimeout(timer);
	end.abort();
}

/** A thousand pages that were cut off together must not come back together. */
const jittered = (seconds) => seconds * (1.1 + 0.4 * Math.random());

function parsed(data) {
	try {
		return JSON.parse(data);
	} catch (cause) {
		throw lost(cause, 'malformed');
	}
}
