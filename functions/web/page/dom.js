/** The page's parts by their ids, and how new ones are made. Texts of strangers are only ever set as texts. */

/** @returns {any} */
export const part = (id) => document.getElementById(id);

/** @returns {any} */
export const made = (tag, text = '', className = '') => Object.assign(document.createElement(tag), { textContent: text, className });

export function write(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

/** Options of these values and names, behind those that stand in the page; the value chosen stays chosen. */
export function offer(select, options) {
	const { value } = select;
	for (const option of [...select.options].filter(({ dataset }) => !dataset.t)) option.remove();
	select.append(...options.map(([sign, text]) => new Option(text, sign)));
	if (options.some(([sign]) => sign === value)) select.value = value;
}

/** Where nothing may be written to the clipboard, the text can be copied by hand. */
export async function copied(text, explanation) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		prompt(explanation, text);
		return false;
	}
}
