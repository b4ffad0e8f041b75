/** Task ids as people paste them. `tests/web/ids.cases.json` holds the service and this module to the same reading. */

const ID = /^(([a-z][a-z0-9-]{0,31}\/)?[a-z]+:)?\d{1,30}$/;
const FULL_WIDTH = /[\uff01-\uff5e]/g;
/** What may stand between ids: blanks, commas, semicolons, and the quotes and brackets of a JSON array. */
const BETWEEN = /[\s\u200b\ufeff,;、､|"'“”‘’[\]]+/;

/**
 * The distinct candidates in the order written: from one text, or from an array of texts and numbers that may each hold
 * several. Products are in lower case; whether a candidate can be an id, `isId` tells.
 * @param {unknown} given @returns {string[]}
 */
export function idsIn(given) {
	const texts = typeof given === 'string' ? [given] : Array.from(/** @type {Iterable<unknown>} */ (given), String);
	return [...new Set(texts.flatMap(parts))];
}

/** The product of a task, a problem or a quota as ids name it: `acme/cdn` in another account. @param {{product: string, account?: string}} of */
export const productName = ({ product, account }) => (account ? `${account}/${product}` : product);

/** @param {string} candidate */
export const isId = (candidate) => ID.test(candidate);

function parts(text) {
	const narrow = text.replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
	// Blanks are made one first: `\s*:` tries each run of blanks from each of its blanks.
	return narrow.toLowerCase().replace(/\s+/g, ' ').replace(/ ?: ?/g, ':').split(BETWEEN).filter(Boolean);
}
