const CSS = `
:host {
	--accent: var(--task-status-accent, light-dark(#1d5fd6, #7aa7ff));
	--good: var(--task-status-good, light-dark(#137a3f, #5fd38d));
	--bad: var(--task-status-bad, light-dark(#b3261e, #ff8f86));
	--warn: var(--task-status-warn, light-dark(#7a5200, #f0c060));
	--muted: var(--task-status-muted, light-dark(#566070, #a3adbb));
	--tone: var(--muted); --sign: '●'; --size: .7em;
	display: block; line-height: 1.45; overflow-wrap: anywhere;
}
:host([hidden]), [hidden] { display: none !important; }
:host(:is([data-state=running], [data-state=settling])) { --tone: var(--accent); }
:host([data-state=complete]) { --tone: var(--good); --sign: '✓'; --size: 1em; }
:host(:is([data-state=failed], [data-state=timeout], [data-state=fault])) { --tone: var(--bad); --sign: '✕'; --size: .9em; }
:host(:is([data-state=unknown], [data-state=undecided], [data-state=canceled], [data-state=missing])) { --tone: var(--warn); --sign: '?'; --size: 1em; }
p, ul { margin: 0; padding: 0; list-style: none; }
.head, .object { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1em; }
.title, .state { font-weight: 600; }
.state { color: var(--tone); margin-inline-start: auto; }
.state::before { content: var(--sign) / ''; font-size: var(--size); margin-inline-end: .45em; }
.line { display: flex; align-items: center; gap: .75em; margin-block: .35em; }
.bar { flex: 1; height: .5em; border-radius: var(--task-status-radius, 9em); background: var(--task-status-track, light-dark(#e3e8ef, #303844)); overflow: hidden; }
.fill { height: 100%; background: var(--tone); transform: scaleX(0); transform-origin: 0; transition: transform .6s ease-out; }
.waiting .fill { transform: scaleX(.3); animation: wait 1.4s ease-in-out infinite alternate; }
@keyframes wait { to { translate: 70%; } }
.figure { min-width: 4.2em; text-align: end; font-variant-numeric: tabular-nums; }
.figure, .facts, .note, .object, summary, button { font-size: .875em; }
.figure:empty, .match:empty, p:empty { display: none; }
.facts, summary, .match, .verdict { color: var(--muted); }
.note { color: var(--warn); }
:host([data-state=fault]) .note { color: var(--bad); }
.object { padding-block: .12em; }
.objects .object { content-visibility: auto; contain-intrinsic-height: 1.5em; }
.verdict { margin-inline-start: auto; text-align: end; }
.vendor { color: var(--muted); }
:is([data-state=failed], [data-state=timeout]) .word { color: var(--bad); }
:is([data-state=canceled], [data-state=unknown]) .word { color: var(--warn); }
.failures:has(+ [open]) { display: none; }
summary { width: fit-content; padding-block: .25em; cursor: pointer; }
.scroll { max-height: 20em; overflow: auto; padding-inline-end: .5em; }
button { font-family: inherit; color: var(--accent); background: none; border: 0; padding: .4em 0; cursor: pointer; text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
@media (prefers-reduced-motion: reduce) { .fill { transition: none; animation: none !important; } }
@media (forced-colors: active) { .bar { border: 1px solid; } .fill { background: Highlight; forced-color-adjust: none; } }
`;

let sheet;

/**
 * One sheet for all elements; made by script, it needs no exception from a Content-Security-Policy. Where there are no
 * such sheets (jsdom) there is nothing to look at either.
 */
export function dress(root) {
	if (!('adoptedStyleSheets' in root && CSSStyleSheet.prototype.replaceSync)) return;
	if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(CSS);
	root.adoptedStyleSheets = [sheet];
}
