/**
 * Three ways to follow tasks, best first: an event stream; else requests that the service holds until something
 * changes; where those come back at once, asking again when `Retry-After` says so.
 */
import { eventsOf } from './event-stream.js';
import { SILENCE, backoff, jittered, patiently, pause } from './timeouts.js';
import { reportIn } from './reports.js';
import { TaskStatusError, jsonOf, lost, retryAfterOf } from './requests.js';

const STREAM = 'text/event-stream';
/** Streams in a row that went mute, after which this way is given up. */
const MUTE_ENOUGH = 2;

/** Thrown by a way that does not work here. */
const UNSUITABLE = new TaskStatusError({ reason: 'unsuitable' });

/** Follows a fixed set of ids until they are over, or it is stopped. */
export class Link {
	#stop = new AbortController();
	#renewed = false;
	/** Of the last report, where a stream goes on. */
	version;
	/** In a row: exchanges that failed, answers that told nothing new, streams that went mute. */
	failures = 0;
	idle = 0;
	mute = 0;

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
			while (!this.signal.aborted) await this.#exchange(this.hub.way, this.hub.token);
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
		this.#renewed = false;
		if (report.summary.done) this.over();
		else this.hub.offer();
	}

	/** The service has nothing to add. */
	over() {
		this.stop();
		this.hub.ledger.close(this.ids, this.objects);
		this.hub.offer();
	}

	async #exchange(way, token) {
		try {
			await pause(await WAYS[way](this), this.signal);
		} catch (fault) {
			if (this.signal.aborted) return;
			if (fault === UNSUITABLE) this.hub.giveUp(way);
			else await this.#renew(fault, token).catch((lasting) => this.#recover(lasting));
		}
	}

	/** A refused token is replaced, unless its replacement is refused before it was good for anything. */
	async #renew(fault, token) {
		if (fault.status !== 401 || this.#renewed) throw fault;
		await this.hub.renew(token, fault);
		this.#renewed = true;
	}

	#recover(fault) {
		if (!fault.passing) throw fault;
		// One cut is nobody's business: mostly the next exchange goes well.
		if (this.failures || fault.retryAfter) this.hub.trouble(fault);
		return pause(backoff(this.hub.timing, this.failures++, fault.retryAfter), this.signal);
	}
}

/** Each way does one exchange and gives the seconds until the next. */
const WAYS = [streamed, held, polled];

async function streamed(link) {
	const { timing } = link.hub;
	let living = false;
	try {
		return await patiently(link.version ? timing.stall : timing.start, link.signal, async (signal, renew) => {
			const response = await link.hub.ask(link.question, { accept: STREAM, resume: link.version, signal });
			if (response.status === 204) return link.over();
			if (!response.headers.get('Content-Type')?.startsWith(STREAM)) throw UNSUITABLE;
			const alive = () => {
				living = true;
				renew(timing.stall);
			};
			const seconds = await received(link, response.body, { alive, signal });
			if (!living) throw UNSUITABLE;
			link.mute = 0;
			return jittered(seconds);
		});
	} catch (fault) {
		// A proxy that lets the first words through and keeps back the rest looks like a stream that falls silent.
		if (fault.reason === SILENCE) link.mute += living ? 1 : MUTE_ENOUGH;
		throw link.mute >= MUTE_ENOUGH || fault.status === 406 ? UNSUITABLE : fault;
	}
}

/** Takes what a stream brings, and gives the seconds to stay away after it. */
async function received(link, body, listeners) {
	let seconds = link.hub.timing.retry;
	for await (const { type, data } of eventsOf(body, { ...listeners, retry: (ms) => (seconds = ms / 1000) })) {
		if (type === 'report' || type === 'update') link.take(reportIn(parsed(data)));
		else if (type === 'done') link.over();
		else if (type === 'problem') throw new TaskStatusError({ status: 503, ...parsed(data) });
	}
	return seconds;
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
	return patiently(seconds, link.signal, async (signal) => {
		const response = await link.hub.ask(question, { signal });
		link.take(reportIn(await jsonOf(response, signal)));
		return retryAfterOf(response);
	});
}

function parsed(data) {
	try {
		return JSON.parse(data);
	} catch (cause) {
		throw lost(cause);
	}
}
