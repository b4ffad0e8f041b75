/** Reads `text/event-stream` from a fetched body: EventSource can send neither a token in a header nor a POST. */
import { lost } from './requests.js';

/**
 * Events by the HTML standard. `alive` is told of every piece that arrives, `retry` of the time to stay away in ms.
 * @param {ReadableStream<Uint8Array>} body
 * @param {{alive?: () => void, retry?: (ms: number) => void, signal?: AbortSignal}} [listeners]
 */
export async function* eventsOf(body, { alive = () => {}, retry = (ms) => {}, signal } = {}) {
	let event = { type: 'message', id: '', data: '' };
	for await (const line of linesOf(body, alive, signal)) {
		const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
		if (field === 'event') event.type = value || 'message';
		else if (field === 'data') event.data += `${value}\n`;
		else if (field === 'id') event.id = value;
		else if (field === 'retry' && /^\d+$/.test(value)) retry(Number(value));
		else if (!line) {
			if (event.data) yield { ...event, data: event.data.slice(0, -1) };
			event = { type: 'message', id: event.id, data: '' };
		}
	}
}

/** Each piece is looked through once: a report of 20,000 rows is one line that arrives in thousands of pieces. */
async function* linesOf(body, alive, signal) {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	let begun = [];
	let returned = false;
	try {
		for (;;) {
			const { done, value } = await reader.read().catch((cause) => Promise.reject(lost(cause, signal)));
			if (done) return;
			alive();
			let text = decoder.decode(value, { stream: true });
			// The piece before ended a line by a carriage return; a line feed here is that end's second half.
			if (returned && text.startsWith('\n')) text = text.slice(1);
			else if (!text) continue;
			returned = text.endsWith('\r');
			const [rest, ...lines] = text.split(/\r\n|\n|\r/);
			begun.push(rest);
			for (const line of lines) {
				yield begun.join('');
				begun = [line];
			}
		}
	} finally {
		reader.cancel().catch(() => {});
	}
}
