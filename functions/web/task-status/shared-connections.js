/** Any number of watchers of one endpoint and token share one connection, because browsers allow six per host. */
import { Link } from './transport.js';
import { Ledger } from './reports.js';

const MOST_IDS = 1000;
/** A page's elements come to life one by one, and move about in it; so long what they want is gathered. */
const GATHERING_MS = 10;
/** @type {Map<string, Service>} by address and timing */
const services = new Map();

/** @returns {Hub} the same one for the same endpoint and token, whoever handed the token out */
export function hubOf(endpoint, token, timing) {
	const address = `${endpoint.href} ${JSON.stringify(timing)}`;
	const service = services.get(address) ?? new Service(endpoint, timing);
	services.set(address, service);
	return service.hub(token);
}

/** One endpoint: what was learned of it, and a hub for each token. */
class Service {
	/** @type {Hub[]} */ #hubs = [];
	/** Which way of following works here, once learned. */
	way = 0;

	constructor(endpoint, timing) {
		this.endpoint = endpoint;
		this.timing = timing;
	}

	hub(token) {
		const known = this.#hubs.find((hub) => hub.token === token);
		if (known) return known;
		const made = new Hub(this, token);
		this.#hubs = [...this.#hubs.filter((hub) => hub.watched), made];
		return made;
	}
}

/** All that is watched at one endpoint with one token. */
class Hub {
	/** @type {Set<Watcher>} */ #watchers = new Set();
	/** @type {Link[]} */ #links = [];
	#gathering = false;
	#renewal;
	#service;
	ledger = new Ledger();

	constructor(service, token) {
		this.#service = service;
		this.token = token;
	}

	get watched() {
		return this.#watchers.size > 0;
	}

	get timing() {
		return this.#service.timing;
	}

	get way() {
		return this.#service.way;
	}

	/** A way that does not work is not tried again. */
	giveUp(way) {
		this.#service.way = Math.max(this.way, way + 1);
	}

	ask(question, options) {
		return this.#service.endpoint.ask(question, { ...options, token: this.token });
	}

	async *watch(ids, tokens, { objects = 20, signal, onTrouble = (fault) => {} }) {
		signal?.throwIfAborted();
		const watcher = new Watcher(ids, tokens, { objects, onTrouble });
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
			if (!this.watched) this.#gather();
		}
	}

	/** Shows what is known now, and sees whether there is still something to ask. */
	offer() {
		for (const watcher of this.#watchers) watcher.offer(this.ledger);
		this.#gather();
	}

	/** Has the refused token replaced by whichever watcher can; throws the refusal where none can. */
	async renew(refused, refusal) {
		if (this.token !== refused) return;
		this.#renewal ??= this.#replace(refused, refusal).finally(() => (this.#renewal = undefined));
		await this.#renewal;
	}

	async #replace(refused, refusal) {
		for (const { tokens } of this.#watchers) {
			const token = tokens.renews ? await tokens.get({ refused }) : refused;
			if (token !== refused) return void (this.token = token);
		}
		throw refusal;
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

	#gather() {
		if (!this.#gathering) setTimeout(() => this.#relink(), GATHERING_MS);
		this.#gathering = true;
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

	constructor(ids, tokens, { objects, onTrouble }) {
		this.ids = ids;
		this.tokens = tokens;
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
