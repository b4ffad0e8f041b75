/** Reads `text/event-stream` from a fetched body: EventSource can send neither a token in a header nor a POST. */

/**
 * Events by the HTML standard. `alive` is told of every piece that arrives, `retry` of the time to stay away in ms.
 * @param {ReadableStream<Uint8Array>} body
 */
export async function* eventsOf(body, { alive = () => {}, retry = (ms) => {} } = {}) {
	let event = { type: 'message', id: '', data: '' };
	for await (const line of linesOf(body, alive)) {
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

async function* linesOf(body, alive) {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	let rest = '';
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			alive();
			// A carriage return at the end waits: its line feed may be the next piece's first character.
			const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
			rest = lines.pop() ?? '';
			yield* lines;
		}
	} finally {
		reader.cancel().catch(() => {});
	}
}
