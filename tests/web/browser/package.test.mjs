/** The npm package as its users get it: built, packed, installed from the tarball, without any network. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as ours from '../../../functions/web/task-status.js';
import { bundled } from '../apps/bundled.mjs';
import { launched } from '../support/browser.mjs';
import { ScriptedServer, complete, over, said, stream } from '../support/scripted-server.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const HERE = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const npm = (cwd, ...args) => run('npm', args, { cwd, env: { ...process.env, npm_config_cache: join(world, 'cache'), npm_config_offline: 'true' } });

let world;
let packed;
let installed;
let browser;

before(async () => {
  world = await mkdtemp(join(tmpdir(), 'task-status-npm-'));
  browser = await launched();
  await run(process.execPath, [`${ROOT}npm/build.mjs`, join(world, 'built')]);
  [packed] = JSON.parse((await npm(join(world, 'built'), 'pack', '--json', '--pack-destination', world)).stdout);
  await writeFile(join(world, 'package.json'), '{"private": true, "type": "module"}');
  await npm(world, 'install', '--no-audit', '--no-fund', '--no-save', `./${packed.filename}`);
  installed = join(world, 'node_modules/cdn-task-status');
  // What an app has besides, as these tests' own folder has it.
  for (const name of ['@types', 'csstype', 'react', 'react-dom', 'scheduler', 'vue', '@vue']) {
    await cp(join(HERE, 'node_modules', name), join(world, 'node_modules', name), { recursive: true });
  }
});
after(async () => {
  await browser.close();
  await rm(world, { recursive: true, force: true });
});

const read = (name) => readFile(join(installed, name), 'utf8');
/** The examples of the package's README, by language. */
const example = async (language) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(await read('README.md'))[1];

test('the tarball holds one script, its types and what describes them, under the project\'s version', async () => {
  const project = await readFile(`${ROOT}pyproject.toml`, 'utf8');
  assert.deepEqual([packed.name, packed.version], ['cdn-task-status', /^version = "(.+)"/m.exec(project)[1]]);
  const names = packed.files.map(({ path }) => path).toSorted();
  assert.deepEqual(names, ['LICENSE', 'README.md', 'custom-elements.json', 'package.json', 'react.d.ts', 'task-status.d.ts', 'task-status.js', 'vue.d.ts']);
  const { dependencies, scripts, exports } = JSON.parse(await read('package.json'));
  assert.deepEqual([dependencies, scripts], [undefined, undefined]);
  for (const target of Object.values(exports).flatMap((entry) => Object.values(typeof entry === 'string' ? [entry] : entry))) assert.ok(names.includes(target.slice(2)), target);
});

test('its script exports what the page\'s does, and can be imported where there is no DOM', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', "console.log(Object.keys(await import('cdn-task-status')).join())"], { cwd: world });
  assert.deepEqual(stdout.trim().split(','), Object.keys(ours).toSorted());
});

test('the React example of its README shows a bar in the state its task is in', async (t) => {
  const app = (await example('jsx')).replace('fetchMyToken()', "'secret'");
  assert.ok(app.trim().split('\n').length <= 5);
  await writeFile(join(world, 'app.jsx'), app);
  const script = await bundled('./app.jsx', { absWorkingDir: world });
  const server = await ScriptedServer.started();
  const tab = await browser.open();
  t.after(() => Promise.all([server.close(), tab.close()]));
  server.on('stream', stream(said({ tasks: [complete('cdn:24840')] }), over));
  const told = [];
  tab.page.on('console', (message) => told.push(message.text()));
  await tab.page.route('**/app.html', (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><div id="app"></div><script type="module">${script}</script>` }));
  await tab.page.goto(`${server.url}app.html`);
  await tab.page.locator('task-status[data-state=complete]').waitFor();
  assert.deepEqual([server.requests[0].headers.authorization, told, tab.faults], ['Bearer secret', ['succeeded'], []]);
});

test('its types hold in JSX, in Vue and in programs, and refuse what is none', async () => {
  await writeFile(join(world, 'app.tsx'), `
    import 'cdn-task-status/react';
    export const good = <task-status task-id="cdn:1" endpoint="/" objects={5} token={async (refused) => refused} className="bar" ondone={({ detail }) => detail.summary.outcome} />;
    // @ts-expect-error a number of objects is a number
    export const bad = <task-status objects="many" />;
    // @ts-expect-error there is no such event
    export const worse = <task-status onfinished={() => {}} />;`);
  await writeFile(join(world, 'vue.ts'), `
    import type { GlobalComponents } from 'vue';
    import 'cdn-task-status/vue';
    type Properties = InstanceType<GlobalComponents['TaskStatus']>['$props'];
    export const good: Properties = { taskId: ['cdn:1'], token: () => 'secret', onDone: ({ detail }) => detail.summary.outcome };
    // @ts-expect-error a number of objects is a number
    export const bad: Properties = { objects: 'many' };`);
  await writeFile(join(world, 'program.ts'), (await example('js')).replaceAll('fetchMyToken()', "'secret'"));
  await writeFile(join(world, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', jsx: 'react-jsx', lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'], types: [] },
    files: ['app.tsx', 'vue.ts', 'program.ts'],
  }));
  const { stdout } = await run(process.execPath, [join(HERE, 'node_modules/typescript/bin/tsc'), '--project', join(world, 'tsconfig.json')]).catch((fault) => fault);
  assert.equal(stdout, '');
});

test('the manifest names the element\'s attributes, members, events, parts and properties, no more and no less', async (t) => {
  const { modules: [{ declarations: [told] }] } = JSON.parse(await read('custom-elements.json'));
  const names = (list) => list.map(({ name }) => name).toSorted();
  const types = await read('task-status.d.ts');
  const events = [...types.match(/interface TaskStatusEventMap \{([^}]*)/)[1].matchAll(/^  (\w+):/gm)].map(([, name]) => name);
  const tab = await browser.open();
  t.after(tab.close);
  await tab.page.route('**/*', async (route) => (route.request().url().endsWith('.js') ? route.fulfill({ contentType: 'text/javascript', body: await read('task-status.js') }) : route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })));
  await tab.page.goto('http://app.example/');
  const found = await tab.page.evaluate(async () => {
    const { TaskStatusElement } = await import('/task-status.js');
    const element = document.body.appendChild(document.createElement('task-status'));
    element.report = { tasks: [{ id: 'cdn:1', objectCounts: {}, objects: [{ objectPath: '/', status: 'failed' }], objectsOmitted: 1 }], notFound: [], undecided: [], problems: [], summary: {} };
    const parts = [...element.shadowRoot.querySelectorAll('[part]')].map((node) => node.part.value);
    const css = [...element.shadowRoot.adoptedStyleSheets[0].cssRules].map(({ cssText }) => cssText).join('');
    const members = Object.entries(Object.getOwnPropertyDescriptors(TaskStatusElement.prototype)).filter(([, { get, set }]) => get || set);
    return {
      attributes: TaskStatusElement.observedAttributes.filter((name) => name !== 'taskid'),
      members: members.map(([name]) => name),
      readonly: members.filter(([, { set }]) => !set).map(([name]) => name),
      parts: [...new Set(parts)],
      properties: [...new Set(css.match(/--task-status-\w+/g))],
    };
  });
  assert.deepEqual(names(told.attributes), found.attributes.toSorted());
  assert.deepEqual(names(told.members), found.members.toSorted());
  assert.deepEqual(names(told.members.filter(({ readonly }) => readonly)), found.readonly.toSorted());
  assert.deepEqual(names(told.cssParts), found.parts.toSorted());
  assert.deepEqual(names(told.cssProperties), found.properties.toSorted());
  assert.deepEqual(names(told.events), events.toSorted());
});
