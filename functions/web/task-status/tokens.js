/** Where a client's token comes from: a text, or a function that hands one out. */
import { patiently } from './timeouts.js';
import { TaskStatusError } from './requests.js';

export class TokenSource {
	#given;
	#seconds;

	/** A function is given so many seconds to answer. */
	constructor(given, seconds) {
		this.#given = given;
		this.#seconds = seconds;
	}

	/** Whether it can have another token than the one that was refused. */
	get renews() {
		return typeof this.#given === 'function';
	}

	/** Of two functions it cannot be told without asking them; frameworks make a new one of the same kind at every rendering. */
	equals(other) {
		return this.#given === other.#given || (this.renews && other.renews);
	}

	/** @param {{refused?: string, signal?: AbortSignal}} [asked] @returns {Promise<string | undefined>} */
	async get({ refused, signal } = {}) {
		if (!this.renews) return this.#given;
		try {
			return await patiently(this.#seconds, signal, async () => this.#given(refused));
		} catch (cause) {
			signal?.throwIfAborted();
			throw new TaskStatusError({ reason: 'token-unavailable', detail: cause?.message, cause });
		}
	}
}
