/** Waiting with an end: deadlines, pauses, and staying away longer after each failure. */
import { TaskStatusError } from './requests.js';

/** Seconds: how long the client is patient with what. `Timing` in task-status.d.ts says what each is for. */
export const TIMING = { start: 15, stall: 45, hold: 25, answer: 30, poll: 2, pollMost: 10, retry: 1, retryMost: 30 };
export const SILENCE = 'no-answer';

/**
 * Ends, with the signal or after so many seconds without a sign of life, what `act` does, even if that heeds no signal.
 * `act` is handed a signal for what it starts, and a function that grants more seconds.
 */
export async function patiently(seconds, signal, act) {
	const stop = new AbortController();
	const leave = () => stop.abort(signal.reason);
	let timer;
	const renew = (more) => {
		clearTimeout(timer);
		timer = setTimeout(() => stop.abort(new TaskStatusError({ reason: SILENCE })), more * 1000);
	};
	signal?.throwIfAborted();
	signal?.addEventListener('abort', leave);
	renew(seconds);
	const stopped = new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason)));
	try {
		return await Promise.race([stopped, act(stop.signal, renew)]);
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', leave);
	}
}

/** Waits, but not in vain: the network coming back and a page coming into view end it. */
export async function pause(seconds, signal) {
	if (!seconds || signal?.aborted) return;
	const { document } = globalThis;
	let stop = () => {};
	await new Promise((wake) => {
		const timer = setTimeout(wake, seconds * 1000);
		const seen = () => document.hidden || wake(0);
		const places = [[signal, 'abort', wake], [globalThis, 'online', wake], [document, 'visibilitychange', seen]];
		for (const [place, type, listener] of places) place?.addEventListener?.(type, listener);
		stop = () => {
			clearTimeout(timer);
			for (const [place, type, listener] of places) place?.removeEventListener?.(type, listener);
		};
	});
	stop();
}

/** Seconds to stay away after so many failures in a row. */
export function backoff({ retry, retryMost }, failures, retryAfter = 0) {
	return jittered(Math.max(retryAfter, Math.min(retry * 2 ** failures, retryMost)));
}

/** A thousand pages that were cut off together must not come back together. */
export const jittered = (seconds) => seconds * (1.1 + 0.4 * Math.random());
