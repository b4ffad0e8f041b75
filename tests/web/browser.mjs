/** Debian's Chromium, driven by Playwright, and what every page is held to. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Screenshots are kept for a person to look at. */
const ARTEFACTS = new URL('../../artefacts/web/', import.meta.url);
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
  return {
    /** A tab of its own that fails the test at the first error it prints, and at the first request elsewhere. */
    async open(url, options = {}) {
      const context = await browser.newContext({ locale: 'en-US', timezoneId: 'UTC', ...options });
      const page = await context.newPage();
      const faults = [];
      page.on('pageerror', (fault) => faults.push(fault.message));
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      page.setDefaultTimeout(8000);
      if (url) await page.goto(url);
      return { page, faults, close: () => context.close() };
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
