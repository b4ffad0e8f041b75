/**
 * Builds the npm package in dist/npm, or in the folder that is named: the client as it is deployed, bundled into one
 * file, with its types. The version is the project's.
 */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WEB = `${ROOT}functions/web/`;

const folder = resolve(process.argv[2] ?? `${ROOT}dist/npm`);
await rm(folder, { recursive: true, force: true });
await cp(`${ROOT}npm/files`, folder, { recursive: true });
await cp(`${ROOT}LICENSE`, `${folder}/LICENSE`);
await cp(`${WEB}task-status.d.ts`, `${folder}/task-status.d.ts`);
await build({
  entryPoints: [`${WEB}task-status.js`], outfile: `${folder}/task-status.js`, bundle: true, format: 'esm', target: 'es2022',
  charset: 'utf8', legalComments: 'none', logLevel: 'error',
});
const { name, ...rest } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
await writeFile(`${folder}/package.json`, `${JSON.stringify({ name, version: await version(), ...rest }, null, 2)}\n`);
console.log(folder);

async function version() {
  const project = await readFile(`${ROOT}pyproject.toml`, 'utf8');
  return /^\[project\][^[]*?^version = "([^"]+)"/ms.exec(project)[1];
}
