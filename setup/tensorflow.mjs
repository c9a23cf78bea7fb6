import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHeaders } from './node.mjs';
import { nodeBinary, root } from './paths.mjs';
import { run, SetupError } from './run.mjs';

/** The release of TensorFlow whose libraries are used when tfjs-node's own download cannot be reached. */
const tensorflowVersion = '2.21.0';
const wheelPackages = { x64: 'tensorflow-cpu', arm64: 'tensorflow' };

const packageFolder = join(root, 'node_modules/@tensorflow/tfjs-node');
const binding = join(packageFolder, 'lib/napi-v8/tfjs_binding.node');
/** Written once the binding has loaded; loading takes a second, looking at a file does not. */
const stamp = join(packageFolder, 'lib/napi-v8/loads');

/**
 * Makes `@tensorflow/tfjs-node` loadable: first its own installer, which downloads libtensorflow and a
 * prebuilt binding; where that download is closed, the libraries out of the TensorFlow wheel and a binding
 * compiled here (about 20 s).
 */
export function setUpTensorflow(report) {
  if (existsSync(stamp) || loads()) return;
  report('TensorFlow: trying the official download');
  const official = tryOfficialDownload();
  if (official === undefined) return;
  report('TensorFlow: official download not reachable, building on the TensorFlow wheel instead');
  try {
    unpackWheel(report);
    compileBinding(report);
  } catch (cause) {
    throw new SetupError(
      [
        'TensorFlow for Node.js could not be set up.',
        `1. The official download failed: ${official}`,
        `2. The wheel ${wheelPackages[process.arch]}==${tensorflowVersion} failed: ${cause.message}`,
        "What helps: a network that reaches either tfjs-node's download host or a Python package index,",
        'Python 3 with pip, and a C++ compiler (Debian: apt-get install python3-pip g++; macOS: xcode-select --install).',
      ].join('\n'),
      { cause },
    );
  }
  if (!loads())
    throw new SetupError(
      'TensorFlow for Node.js was built but does not load; remove node_modules and run npm ci again.',
    );
}

function loads() {
  if (!existsSync(binding)) return false;
  const script =
    "const u=require('util');u.isNullOrUndefined??=v=>v==null;require('@tensorflow/tfjs-node')";
  try {
    execFileSync(nodeBinary(), ['-e', script], { cwd: root, stdio: 'ignore' });
    writeFileSync(stamp, '');
    return true;
  } catch {
    return false;
  }
}

/** @returns undefined on success, otherwise the reason in one line. */
function tryOfficialDownload() {
  try {
    execFileSync(nodeBinary(), ['scripts/install.js'], {
      cwd: packageFolder,
      stdio: 'pipe',
      timeout: 240_000,
    });
    return loads() ? undefined : 'the downloaded binding does not load on this machine';
  } catch (error) {
    const lines = `${error.stderr ?? ''}`.split('\n').filter((line) => /error/i.test(line));
    return (lines[0] ?? error.message).trim();
  }
}

/** Takes the two libraries and the C headers out of the wheel into tfjs-node's `deps/`. */
function unpackWheel(report) {
  if (process.platform !== 'linux')
    throw new Error(`the wheel route is for Linux, this is ${process.platform}`);
  const folder = mkdtempSync(join(tmpdir(), 'tensorflow-wheel-'));
  try {
    const name = wheelPackages[process.arch];
    if (name === undefined) throw new Error(`no TensorFlow wheel for ${process.arch}`);
    report(`TensorFlow: fetching ${name}==${tensorflowVersion} (about 270 MB)`);
    const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64';
    run('python3', [
      ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, '--only-binary=:all:'],
      ...[
        '--python-version',
        '3.11',
        '--platform',
        `manylinux_2_27_${machine}`,
        `${name}==${tensorflowVersion}`,
      ],
    ]);
    const wheel = join(
      folder,
      readdirSync(folder).find((file) => file.endsWith('.whl')),
    );
    run('python3', ['-c', extractScript, wheel, folder]);
    const deps = join(packageFolder, 'deps');
    rmSync(deps, { recursive: true, force: true });
    mkdirSync(join(deps, 'lib'), { recursive: true });
    // The copy, not a rename: the temporary folder may be on another file system.
    run('cp', ['-r', join(folder, 'tensorflow/include'), join(deps, 'include')]);
    for (const library of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
      run('cp', [join(folder, 'tensorflow', library), join(deps, 'lib', library)]);
    }
    symlinkSync('libtensorflow_cc.so.2', join(deps, 'lib/libtensorflow.so'));
    symlinkSync('libtensorflow_framework.so.2', join(deps, 'lib/libtensorflow_framework.so'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const extractScript = `
import sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        library = name in ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
        if library or name.startswith(("tensorflow/include/tensorflow/", "tensorflow/include/xla/", "tensorflow/include/tsl/")):
            archive.extract(name, folder)
`;

/** One compiler call: node-gyp would first download the headers that the `node` package already carries. */
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
      ...['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8', '-w'],
      ...[`-I${headers}`, `-I${join(packageFolder, 'deps/include')}`, `-I${packageFolder}`],
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-o', unfinished],
      ...[`-L${join(packageFolder, 'deps/lib')}`, '-ltensorflow', '-ltensorflow_framework'],
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    { cwd: packageFolder },
  );
  renameSync(unfinished, binding);
}
