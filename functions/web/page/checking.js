/** Whether the edge serves what the origin has: a button in a task's row, and its answer. */
import { wordFor } from '../task-status/i18n.js';
import { made, write } from './dom.js';
import { reason, words } from './i18n.js';

/** Types whose object paths are URLs. */
const OF_URLS = ['file', 'ignoreparams', 'preload'];
/** @type {any} */
let allowed = { hosts: [] };

/** URLs of these hosts can be checked by `client`. */
export function checkBy(client, hosts = []) {
	allowed = { hosts, client };
}

/** The first URL of a task that may be checked. */
export function checkable(task) {
	const objects = OF_URLS.includes(task?.objectType) ? task.objects : [];
	return objects.map(({ objectPath }) => objectPath).find((path) => allowed.hosts.includes(hostOf(path)));
}

/** The button and where its answer stands. @returns {[any, any]} */
export function checking(url) {
	const [button, output] = [made('button', words.check), made('output')];
	button.onclick = async () => {
		button.disabled = true;
		write(output, words.asking);
		write(output, `${await found(url)} · ${url}`);
		button.disabled = false;
	};
	return [button, output];
}

async function found(url) {
	try {
		const { finding } = await allowed.client.check(url);
		return wordFor(words.findings, finding);
	} catch (fault) {
		return reason(fault.reason, fault.message);
	}
}

function hostOf(path) {
	try {
		return new URL(path).hostname;
	} catch {
		return '';
	}
}
