import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { nodeHeaders } from './node.mjs';
import { nodeBinary, root } from './paths.mjs';
import { run, SetupError } from './run.mjs';

/** Which release of TensorFlow there is under tfjs-node, here and in the trainer's image, and the wheels that carry it. */
const { version, wheels } = JSON.parse(
  readFileSync(join(root, 'lib/graph/libtensorflow.json'), 'utf8'),
);

const packageFolder = join(root, 'node_modules/@tensorflow/tfjs-node');
const binding = join(packageFolder, 'lib/napi-v8/tfjs_binding.node');
/** The release that the binding was seen to load; loading takes a second, looking at a file does not. */
const stamp = join(packageFolder, 'lib/napi-v8/loads');

/** What the two libraries are called in a wheel and for the linker, and how a binding finds them. */
const systems = {
  linux: {
    libraries: { tensorflow: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2' },
    suffix: '.so',
    flags: ['-shared', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
  },
  darwin: {
    libraries: {
      tensorflow: 'libtensorflow_cc.2.dylib',
      framework: 'libtensorflow_framework.2.dylib',
    },
    suffix: '.dylib',
    flags: ['-bundle', '-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path/../../deps/lib'],
  },
};

/**
 * Makes `@tensorflow/tfjs-node` loadable: the libraries out of the TensorFlow wheel, and a binding compiled here (about
 * 20 s). tfjs-node's own installer is never run: it brings TensorFlow 2.9 (2.7 on ARM), which nothing here was tested with.
 *
 * @param report told what is being done
 * @param device `gpu` takes the build for CUDA
 */
export function setUpTensorflow(report, device = 'cpu') {
  if (isReady()) return;
  const name = `${process.platform}-${process.arch}${device === 'gpu' ? '-gpu' : ''}`;
  const wheel = wheels[name];
  try {
    if (wheel === undefined) {
      throw new Error(`there is none for ${name}, only for ${Object.keys(wheels).join(', ')}`);
    }
    unpackWheel(wheel, report);
    compileBinding(report);
  } catch (cause) {
    throw new SetupError(
      [
        `TensorFlow ${version} for Node.js could not be set up from its wheel: ${cause.message}`,
        'It takes a Python package index, Python 3 with pip, and a C++ compiler',
        '(Debian: apt-get install python3-pip g++; macOS: xcode-select --install).',
      ].join('\n'),
      { cause },
    );
  }
  if (loadedVersion() !== version) {
    throw new SetupError(
      `TensorFlow ${version} for Node.js was built but does not load; remove node_modules and run npm ci again.`,
    );
  }
}

function isReady() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return true;
  return loadedVersion() === version;
}

/** @returns the release that the binding loads, or undefined */
function loadedVersion() {
  if (!existsSync(binding)) return undefined;
  const script =
    "const u=require('util');u.isNullOrUndefined??=v=>v==null;require('@tensorflow/tfjs-node');" +
    "process.stdout.write(require('@tensorflow/tfjs-core').backend().binding.TF_Version)";
  try {
    const loaded = execFileSync(nodeBinary(), ['-e', script], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // A new file: the old one may be shared with another checkout.
    rmSync(stamp, { force: true });
    writeFileSync(stamp, loaded);
    return loaded;
  } catch {
    return undefined;
  }
}

/** Takes the two libraries and the C headers out of the wheel into tfjs-node's `deps/`. */
function unpackWheel(wheel, report) {
  const { libraries, suffix } = systems[process.platform];
  // Always the same place: what a killed set-up has left there, hundreds of megabytes, goes with the next one.
  const folder = join(packageFolder, 'wheel');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  try {
    report(`TensorFlow: fetching ${wheel.package}==${version} (250 to 600 MB)`);
    const requirement = join(folder, 'requirements.txt');
    writeFileSync(requirement, `${wheel.package}==${version} --hash=sha256:${wheel.sha256}\n`);
    run('python3', [
      ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, '--only-binary=:all:'],
      ...['--python-version', '3.11', '--platform', wheel.platform],
      ...['--require-hashes', '--requirement', requirement],
    ]);
    const file = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.whl')),
    );
    run('python3', ['-c', extractScript, file, folder, ...Object.values(libraries)]);
    const deps = join(packageFolder, 'deps');
    rmSync(deps, { recursive: true, force: true });
    mkdirSync(join(deps, 'lib'), { recursive: true });
    renameSync(join(folder, 'tensorflow/include'), join(deps, 'include'));
    for (const library of Object.values(libraries)) {
      renameSync(join(folder, 'tensorflow', library), join(deps, 'lib', library));
    }
    symlinkSync(libraries.tensorflow, join(deps, `lib/libtensorflow${suffix}`));
    symlinkSync(libraries.framework, join(deps, `lib/libtensorflow_framework${suffix}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const extractScript = `
import sys, zipfile
wheel, folder, *libraries = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        library = name in [f"tensorflow/{library}" for library in libraries]
        if library or name.startswith(("tensorflow/include/tensorflow/", "tensorflow/include/xla/", "tensorflow/include/tsl/")):
            archive.extract(name, folder)
`;

/** One compiler call: node-gyp would first download the headers that Node.js already carries. */
function compileBinding(report) {
  report('TensorFlow: compiling the binding');
  const headers = nodeHeaders();
  if (headers === undefined)
    throw new Error('the headers of Node.js are missing below node_modules/node');
  const unfinished = `${binding}.tmp`;
  mkdirSync(join(packageFolder, 'lib/napi-v8'), { recursive: true });
  run(
    process.env.CXX ?? 'g++',
    [
      ...['-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8', '-w'],
      ...[`-I${headers}`, `-I${join(packageFolder, 'deps/include')}`, `-I${packageFolder}`],
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-o', unfinished],
      ...[`-L${join(packageFolder, 'deps/lib')}`, '-ltensorflow', '-ltensorflow_framework'],
      ...systems[process.platform].flags,
    ],
    { cwd: packageFolder },
  );
  renameSync(unfinished, binding);
}
