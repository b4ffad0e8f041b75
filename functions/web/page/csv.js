/** Tasks as comma-separated values (RFC 4180), one line for each object. */
import { productName } from '../task-status/ids.js';

const COLUMNS = ['id', 'product', 'action', 'objectType', 'createdAt', 'status', 'objectPath', 'objectStatus', 'rawStatus', 'progress', 'reason', 'message'];
/** What makes a spreadsheet take a text for a formula (OWASP, "CSV Injection"): such a text is given an apostrophe. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
/** Spreadsheets take a file that does not begin with it for one in the system's own encoding. */
const BYTE_ORDER_MARK = '\ufeff';

/** @param {any[]} reports of one task, or of one id that has none */
export function csvOf(reports) {
	const lines = [COLUMNS, ...reports.flatMap(linesOf)];
	return BYTE_ORDER_MARK + lines.map((cells) => `${cells.map(cell).join()}\r\n`).join('');
}

function linesOf({ tasks, undecided, notFound }) {
	const absent = [...undecided.map(({ id }) => [id, 'undecided']), ...notFound.map(({ id }) => [id, 'not-found'])];
	return [...tasks.flatMap(linesOfTask), ...absent.map(([id, state]) => padded([id, '', '', '', '', state]))];
}

function linesOfTask({ id, product, account, action, objectType, createdAt, status, objects, objectsOmitted }) {
	const task = [id, productName({ product, account }), action, objectType, createdAt, status];
	const lines = objects.map(({ objectPath, status: state, rawStatus, progress, error }) => [...task, objectPath, state, rawStatus, progress, error?.reason, error?.message]);
	return objectsOmitted || !lines.length ? [...lines, padded([...task, objectsOmitted ? `(${objectsOmitted})` : ''])] : lines;
}

const padded = (cells) => COLUMNS.map((_, at) => cells[at] ?? '');

function cell(value) {
	const text = String(value ?? '');
	const safe = FORMULA.test(text) ? `'${text}` : text;
	return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
