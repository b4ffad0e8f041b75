/** What the form and the address ask. */
import { idsIn, isId } from '../task-status/ids.js';
import { offer, part } from './dom.js';

const TEXTS = ['taskId', 'objectPath', 'object', 'domainName'];
const CHOICES = ['status', 'product', 'action', 'objectType', 'since'];
const TIMES = ['startTime', 'endTime'];
const OWN = 'own';

/** What the text asks for: ids, an object in OSS, a URL, else a domain; and its value. */
export function understood() {
	const text = part('what').value.trim();
	const ids = idsIn(text);
	if (ids.length && ids.every(isId)) return ['taskId', ids.join(',')];
	const kind = text.startsWith('oss://') ? 'object' : text.includes('://') ? 'objectPath' : 'domainName';
	return text ? [kind, text] : [];
}

export const isLookup = () => ['taskId', 'object'].includes(understood()[0]);
export const hasOwnRange = () => part('since').value === OWN;

export function written() {
	const choices = isLookup() ? [] : CHOICES.map((name) => [name, part(name).value]);
	const times = isLookup() || !hasOwnRange() ? [] : TIMES.map((name) => [name, instant(part(name).value)]);
	return Object.fromEntries([understood(), ...choices, ...times].filter(([, value]) => value));
}

export function question() {
	const { since, ...asked } = written();
	return { ...asked, ...(Number(since) && { startTime: new Date(Date.now() - Number(since) * 3_600_000) }) };
}

/** Fills the form from the address, where a deep link may stand behind `?` or `#`. */
export function read() {
	const given = new URLSearchParams(`${location.search.slice(1)}&${location.hash.slice(1)}`);
	part('what').value = TEXTS.map((name) => given.getAll(name).join(',')).find(Boolean) ?? '';
	for (const name of CHOICES) choose(name, given.get(name) ?? '');
	for (const name of TIMES) part(name).value = local(given.get(name));
	if (TIMES.some((name) => given.has(name))) part('since').value = OWN;
}

/** Values and names that a list can be narrowed to. What was chosen stays. */
export function offerChoices(name, options) {
	const { value } = part(name);
	offer(part(name), options);
	choose(name, value);
}

/** An address may name what is not offered: the contract's sets are open, and the service judges it. */
function choose(name, value) {
	const select = part(name);
	if (![...select.options].some((option) => option.value === value)) select.append(new Option(value, value));
	select.value = value;
}

/** A token comes behind `#`, which no server is sent, and does not stay in the address. */
export function takenToken() {
	const given = new URLSearchParams(location.hash.slice(1));
	const token = given.get('token');
	given.delete('token');
	if (token) history.replaceState(null, '', `${location.pathname}${location.search}#${given}`);
	return token;
}

/** From a field, which knows only the time of this place, to RFC 3339 and back. */
const instant = (text) => text && new Date(text).toISOString();

function local(text) {
	const time = new Date(text ?? '');
	if (Number.isNaN(time.getTime())) return '';
	return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
