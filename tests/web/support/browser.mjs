/** Debian's Chromium, driven by Playwright, and what every page is held to. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Screenshots are kept for a person to look at. */
const ARTEFACTS = new URL('../../../artefacts/web/', import.meta.url);
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** A browser with an empty profile; `close` leaves nothing behind. */
export async function launched() {
  const profile = await mkdtemp(join(tmpdir(), 'task-status-'));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
    env: { ...process.env, HOME: profile },
  });
  await mkdir(ARTEFACTS, { recursive: true });
  /** By their options: making one takes a second, and tabs share nothing that these pages keep. */
  const contexts = new Map();
  const contextOf = (options) => {
    const key = JSON.stringify(options);
    if (!contexts.has(key)) contexts.set(key, browser.newContext({ locale: 'en-US', timezoneId: 'UTC', ...options }));
    return contexts.get(key);
  };
  return {
    /** A tab of its own that fails the test at the first error it prints. */
    async open(url, options = {}) {
      const page = await (await contextOf(options)).newPage();
      const faults = [];
      page.on('pageerror', (fault) => faults.push(fault.message));
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      page.setDefaultTimeout(15_000);
      if (url) await page.goto(url);
      return { page, faults, close: () => page.close() };
    },
    close: () => browser.close().finally(() => rm(profile, { recursive: true, force: true })),
  };
}

/** Nobody is shut out: axe finds nothing, not even by its best practices. */
export async function accessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ''}`).join(' | ')}`);
  assert.deepEqual(told, []);
}

export const kept = (page, name) => page.screenshot({ path: new URL(`${name}.png`, ARTEFACTS).pathname, fullPage: true });

/** What rows say, by their ids. */
export function rowsOf(page) {
  return page.locator('task-status').evaluateAll((elements) =>
    elements.map((element) => {
      const inside = (selector) => element.shadowRoot.querySelector(selector);
      const text = (selector) => inside(selector)?.textContent ?? '';
      return {
        id: text('.title'), state: text('.state'), figure: text('.figure'), facts: text('.facts'), note: text('.note'),
        failures: [...inside('.failures').children].map((row) => row.innerText.split('\n')),
        now: inside('.bar').getAttribute('aria-valuenow'), text: inside('.bar').getAttribute('aria-valuetext'),
      };
    }),
  );
}
