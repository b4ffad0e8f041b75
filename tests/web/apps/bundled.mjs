/** Bundles an app the way its author would: one file for the browser, the package resolved by its name. */
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const OURS = fileURLToPath(new URL('../../../functions/web/task-status.js', import.meta.url));

/** @param {string} name of a file here @param {object} [options] of esbuild; `alias` says where the package lies */
export async function bundled(name, options = { alias: { 'cdn-task-status': OURS } }) {
  const { outputFiles } = await build({
    entryPoints: [name], absWorkingDir: HERE, bundle: true, write: false, format: 'esm', jsx: 'automatic', logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
    ...options,
  });
  return outputFiles[0].text;
}
