/** The form that submits refreshes and prefetches, where the service and the token allow it. */
import { productName } from '../task-status/ids.js';
import { isBad } from '../task-status/reports.js';
import { wordFor } from '../task-status/i18n.js';
import { made, offer, part } from './dom.js';
import { remaining } from './status-bar.js';
import { reason, signs, words } from './i18n.js';

const MOST_OBJECTS = 20_000;
/** Which of the day's quotas a submission is taken from, by its object type. */
const QUOTAS = { file: 'url', directory: 'directory', regex: 'regex', ignoreparams: 'ignore-params' };
const PRELOADS = 'preload';
/** Capabilities of a caller who may submit nothing. */
export const NOTHING_ALLOWED = /** @type {any} */ ({ products: [], submit: false, quota: false, objectTypes: {} });

export class SubmissionForm {
	#client;
	#allowed = NOTHING_ALLOWED;
	#done;
	#quotas = [];
	/** The same content twice is one submission, even where its answer was lost. */
	#sent = { content: '', key: '' };

	/** `done` is told the ids of the tasks that were made. */
	constructor(done) {
		this.#done = done;
		part('toProduct').onchange = () => this.#offerActions();
		part('toAction').onchange = () => this.#offerTypes();
		for (const id of ['toType', 'urls']) part(id).addEventListener('input', () => this.#showRemaining());
		part('cancel').onclick = () => part('submission').close();
		part('submit').onsubmit = (event) => {
			event.preventDefault();
			this.#send();
		};
	}

	/** Another client is another caller; `allowed` are its capabilities. */
	use(client, allowed) {
		this.#client = client;
		this.#allowed = allowed.submit ? allowed : NOTHING_ALLOWED;
		part('new').hidden = !allowed.submit;
		offer(part('toProduct'), Object.keys(this.#allowed.objectTypes).map((product) => [product, product.toUpperCase()]));
		this.#offerActions();
	}

	mayRepeat(task) {
		const { action, objectType } = task;
		const types = this.#allowed.objectTypes[productName(task)]?.[action] ?? [];
		return action === PRELOADS ? types.length > 0 : types.includes(objectType);
	}

	show() {
		part('refusals').replaceChildren();
		if (!part('submission').open) part('submission').showModal();
		part('urls').focus();
		this.#askQuotas();
	}

	/** What failed of a task stands in the form, to be looked at before it is submitted again. */
	async repeat(task) {
		const { action, objectType } = task;
		const objects = task.objectsOmitted ? await this.#allObjects(task) : task.objects;
		choose('toProduct', productName(task));
		this.#offerActions();
		choose('toAction', action);
		this.#offerTypes();
		choose('toType', objectType);
		part('urls').value = objects.filter(({ status }) => isBad(status)).map(({ objectPath }) => objectPath).join('\n');
		this.show();
	}

	async #allObjects({ id, objects }) {
		const { tasks } = await this.#client.lookup(id, { objects: MOST_OBJECTS }).catch(() => ({ tasks: [] }));
		return tasks[0]?.objects ?? objects;
	}

	/** What can be done differs from product to product. */
	get #types() {
		return this.#allowed.objectTypes[part('toProduct').value] ?? {};
	}

	#offerActions() {
		offer(part('toAction'), Object.keys(this.#types).map((action) => [action, wordFor(signs.kinds, action)]));
		this.#offerTypes();
	}

	#offerTypes() {
		const types = this.#types[part('toAction').value] ?? [];
		offer(part('toType'), types.map((type) => [type, wordFor(signs.kinds, type)]));
		this.#showRemaining();
	}

	async #askQuotas() {
		this.#quotas = [];
		if (this.#allowed.quota) this.#quotas = await this.#client.quota().then(({ quotas }) => quotas, () => []);
		this.#showRemaining();
	}

	#showRemaining() {
		const { action, product, objectType, objectPaths } = this.#submission();
		const kind = action === PRELOADS ? PRELOADS : QUOTAS[objectType];
		const left = this.#quotas.find((quota) => productName(quota) === product && quota.kind === kind);
		const tooMany = left && left.remaining !== null && objectPaths.length > left.remaining;
		part('remaining').textContent = [words.urlCount(objectPaths.length), left && words.left(remaining(left)), tooMany && words.tooMany].filter(Boolean).join(' · ');
		part('remaining').classList.toggle('little', Boolean(tooMany));
	}

	#submission() {
		const [action, product, objectType] = ['toAction', 'toProduct', 'toType'].map((id) => part(id).value);
		return { action, product, objectType, objectPaths: [...new Set(part('urls').value.split('\n').map((line) => line.trim()).filter(Boolean))] };
	}

	async #send() {
		const submission = this.#submission();
		const content = JSON.stringify(submission);
		if (this.#sent.content !== content) this.#sent = { content, key: randomKey() };
		part('send').disabled = true;
		part('refusals').replaceChildren();
		try {
			const { tasks, rejected } = await this.#client.submit(submission, { idempotencyKey: this.#sent.key });
			this.#finish(tasks, rejected);
		} catch (fault) {
			this.#refuse(fault);
		} finally {
			part('send').disabled = false;
		}
	}

	/** What was refused stays in the form. */
	#finish(tasks, rejected) {
		this.#sent = { content: '', key: '' };
		part('urls').value = rejected.flatMap(({ objectPaths }) => objectPaths).join('\n');
		this.#tell(rejected);
		if (!rejected.length) part('submission').close();
		this.#done(tasks.map(({ id }) => id));
	}

	#refuse(fault) {
		const faults = (fault.errors ?? []).map(({ value, detail }) => [value, detail].filter(Boolean).join(': '));
		// Only what surely had no effect may be submitted anew; else the same key tells what became of it.
		if (!fault.passing && fault.reason !== 'unknown-outcome') this.#sent = { content: '', key: '' };
		this.#tell(fault.rejected ?? [], [reason(fault.reason, fault.message), ...faults]);
	}

	#tell(rejected, faults = []) {
		const told = rejected.map((each) => [reason(each.reason), each.vendorCode, ...each.objectPaths].filter(Boolean).join(' · '));
		part('refusals').replaceChildren(...[...faults, ...told].map((text) => made('li', text, 'grave')));
	}
}

/** Chooses what is offered, else the first that is. */
function choose(id, value) {
	const select = part(id);
	select.selectedIndex = Math.max(0, [...select.options].findIndex((option) => option.value === value));
}

/** Of 128 bits; `crypto.randomUUID` exists on secure origins only. */
const randomKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
