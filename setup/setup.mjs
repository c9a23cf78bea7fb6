import { pathToFileURL } from 'node:url';
import { setUpNode } from './node.mjs';
import { setUpPython } from './python.mjs';
import { SetupError } from './run.mjs';
import { setUpTensorflow } from './tensorflow.mjs';

/**
 * Makes everything ready that `npm ci` does not install: the pinned Node.js, TensorFlow for Node.js, the Python
 * packages of the LLM environment and its small base model. Does nothing when all of it is there.
 *
 * @param {readonly string[]} needs what of the last two is wanted: `TensorFlow`, `Python`
 */
export function setUp(needs = ['TensorFlow', 'Python']) {
  const begin = Date.now();
  const report = (line) =>
    console.log(`set-up ${String(Math.round((Date.now() - begin) / 1000)).padStart(4)} s  ${line}`);
  setUpNode(report);
  if (needs.includes('TensorFlow')) setUpTensorflow(report);
  if (needs.includes('Python')) setUpPython(report);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
