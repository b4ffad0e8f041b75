/** The element where front ends run their unit tests: without a layout, without style sheets made by script. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

const MODULE = '../../../functions/web/task-status';

for (const version of ['jsdom-20', 'jsdom-26']) {
  test(`case F7: an element can be made and read in ${version}`, async () => {
    const { JSDOM, VirtualConsole } = await import(version);
    const errors = [];
    const { window } = new JSDOM('<main lang="en"><task-status></task-status></main>', { url: 'http://status.example/', virtualConsole: new VirtualConsole().on('jsdomError', (fault) => errors.push(fault.message)) });
    const { HTMLElement, CSSStyleSheet, CustomEvent, customElements, document, navigator } = window;
    const before = Object.getOwnPropertyDescriptors(globalThis);
    for (const [name, value] of Object.entries({ HTMLElement, CSSStyleSheet, CustomEvent, customElements, document, navigator })) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    try {
      const { TaskStatusElement } = await import(`${MODULE}/element.js?${version}`);
      customElements.define('task-status', TaskStatusElement);
      const element = document.querySelector('task-status');
      element.task = { id: 'cdn:1', action: 'refresh', objectType: 'file', status: 'running', done: false, progress: 40, objectCounts: { total: 0 }, objects: [], objectsOmitted: 0 };
      const text = (name) => element.shadowRoot.querySelector(name).textContent;
      assert.deepEqual([element.dataset.state, text('.state'), text('.figure')], ['running', 'Running', '40 %']);
      const made = document.createElement('task-status');
      document.body.append(made);
      made.remove();
      assert.deepEqual(errors, []);
    } finally {
      for (const name of ['HTMLElement', 'CSSStyleSheet', 'CustomEvent', 'customElements', 'document', 'navigator']) {
        if (before[name]) Object.defineProperty(globalThis, name, before[name]);
        else delete globalThis[name];
      }
    }
  });
}
