/** Any number of watchers of one endpoint and token share one connection, because browsers allow six per host. */
import { Link } from './following.js';
import { Ledger } from './reports.js';

const MOST_IDS = 1000;
/** A page's elements come to life one by one; so long the first waits for the others. */
const GATHERING_MS = 10;
/** In seconds. */
const TIMING = { start: 15, stall: 45, hold: 25, answer: 30, poll: 2, pollMost: 10, retry: 1, retryMost: 30 };
/** By address and timing, then by token. */
const hubs = new Map();

/** @returns {Hub} the same one for the same endpoint and token */
export function hubOf(endpoint, token, timing) {
	const address = `${endpoint.href} ${JSON.stringify(timing)}`;
	const byToken = hubs.get(address) ?? new Map();
	const hub = byToken.get(token) ?? new Hub(endpoint, { ...TIMING, ...timing });
	hubs.set(address, byToken.set(token, hub));
	return hub;
}

/** All that is watched at one endpoint with one token. */
class Hub {
	/** @type {Set<Watcher>} */ #watchers = new Set();
	/** @type {Link[]} */ #links = [];
	#gathering = false;
	ledger = new Ledger();
	/** Which way of following works here, once learned. */
	way = 0;

	constructor(endpoint, timing) {
		this.endpoint = endpoint;
		this.timing = timing;
	}

	async *watch(ids, { objects = 20, signal, onTrouble = (fault) => {} }) {
		signal?.throwIfAborted();
		const watcher = new Watcher(ids, objects, onTrouble);
		const stop = () => watcher.fail(signal?.reason);
		signal?.addEventListener('abort', stop);
		this.ledger.reopen(ids);
		this.#watchers.add(watcher);
		this.offer();
		try {
			yield* watcher.reports();
		} finally {
			signal?.removeEventListener('abort', stop);
			this.#watchers.delete(watcher);
			if (!this.#watchers.size) this.#relink();
		}
	}

	/** Shows what is known now, and sees whether there is still something to ask. */
	offer() {
		for (const watcher of this.#watchers) watcher.offer(this.ledger);
		if (!this.#gathering) setTimeout(() => this.#relink(), GATHERING_MS);
		this.#gathering = true;
	}

	/** Null: it is well again. */
	trouble(fault) {
		for (const watcher of this.#watchers) watcher.onTrouble(fault);
	}

	/** What waiting does not cure ends the watchers of the ids at fault, else all. */
	fail(fault) {
		const blamed = (fault.errors ?? []).map(({ parameter, value }) => parameter === 'taskId' && value);
		const all = [...this.#watchers];
		const concerned = all.filter(({ ids }) => ids.some((id) => blamed.includes(id)));
		for (const watcher of concerned.length ? concerned : all) {
			this.#watchers.delete(watcher);
			watcher.fail(fault);
		}
		this.offer();
	}

	#relink() {
		this.#gathering = false;
		const watchers = [...this.#watchers];
		const open = [...new Set(watchers.flatMap((watcher) => watcher.openIn(this.ledger)))];
		const objects = Math.max(...watchers.map((watcher) => watcher.objects));
		const old = this.#links;
		this.#links = [];
		for (let at = 0; at < open.length; at += MOST_IDS) {
			const ids = open.slice(at, at + MOST_IDS);
			this.#links.push(old.find((link) => link.serves(ids, objects)) ?? new Link(this, ids, objects));
		}
		for (const link of old) if (!this.#links.includes(link)) link.stop();
		// While nobody watches, what is known grows old.
		if (!watchers.length) this.ledger = new Ledger();
	}
}

/** One caller's interest: the newest report waits to be taken, older ones are dropped. */
class Watcher {
	#news;
	#last;
	#failed;
	#wake = (_) => {};

	constructor(ids, objects, onTrouble) {
		this.ids = ids;
		this.objects = objects;
		this.onTrouble = onTrouble;
	}

	openIn(ledger) {
		return this.ids.filter((id) => !ledger.settled(id, this.objects));
	}

	offer(ledger) {
		if (!this.ids.every((id) => ledger.covers(id, this.objects))) return;
		const report = ledger.report(this.ids, !this.openIn(ledger).length);
		if (this.#last && same(report, this.#last)) return;
		this.#news = this.#last = report;
		this.#wake(0);
	}

	fail(reason) {
		this.#failed ??= { reason };
		this.#wake(0);
	}

	async *reports() {
		for (;;) {
			if (this.#failed) throw this.#failed.reason;
			const report = this.#news;
			this.#news = undefined;
			if (report) yield report;
			if (report?.summary.done) return;
			if (!this.#news && !this.#failed) await new Promise((wake) => (this.#wake = wake));
		}
	}
}

function same(one, other) {
	const rest = (report) => JSON.stringify({ ...report, tasks: report.tasks.length });
	return rest(one) === rest(other) && one.tasks.every((task, at) => task === other.tasks[at]);
}
