// Opens the page at PAGE in Chromium, goes to the status page and comes back by the links of both, chooses the file FILE, and
// prints what is shown once there are tasks; then uploads from a page of another origin.

import { chromium } from 'playwright-core';

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  page.on('console', (message) => console.error(message.text()));
  await page.goto(process.env.PAGE);
  await page.getByRole('link', { name: 'Status page' }).click();
  await page.getByRole('link', { name: 'Upload a file' }).click();
  await page.getByRole('heading', { name: 'Upload a file and watch its tasks' }).waitFor();
  const linkedFromTheStatusPage = page.url();
  await page.setInputFiles('input', process.env.FILE);
  await page.waitForFunction(() => document.querySelector('task-status').report?.tasks.length);
  const { tasks } = await page.evaluate(() => document.querySelector('task-status').report);

  // A page of another origin: the bucket's cross-origin rule decides.
  const elsewhere = await browser.newPage();
  const status = await elsewhere.evaluate(async (emulator) => {
    const asked = new URL('/_emulator/upload-url?bucket=demo&key=elsewhere.png&contentType=image/png', emulator);
    const { method, url, headers } = await (await fetch(asked)).json();
    return (await fetch(url, { method, headers, body: 'content' })).status;
  }, process.env.PAGE);
  console.log(JSON.stringify({ linkedFromTheStatusPage, tasks, statusOfUploadFromElsewhere: status }));
} finally {
  await browser.close();
}
