import type { KnipConfig } from 'knip';

/** `knip --production` looks for what nothing but tests uses; there, a file's own use of an export counts. */
const isProduction = process.argv.includes('--production');

export default {
  // Where something starts that no import leads to; `!` is what runs without tests.
  entry: [
    'bin/*.{ts,mjs}!',
    // npm's scripts start these, which knip sees for itself except in production mode.
    ...(isProduction ? ['setup/*.mjs!'] : []),
    'functions/*/handler.ts!',
    'containers/trainer/main.ts!',
    'bench/*.ts!',
    'bench/lambda/{start.mjs,bare.ts}!',
    'bench/ingestion/{subject,peer}.ts!',
    'examples/*/convert.ts!',
    'examples/client/client.ts!',
    'test/local/fixture/handlers/*',
    'test/mutation/runner.ts',
    'test/account/main.ts',
  ],
  project: ['**/*.{ts,mjs}!', '!test/**!', '!*.config.ts!', '!knip.ts!'],
  // A type that names what an exported function takes or gives is part of its signature.
  ignoreExportsUsedInFile: isProduction || { interface: true, type: true },
  // Loaded under a name that the environment chooses (lib/graph/tensorflow.ts); started by its path.
  ignoreDependencies: ['@tensorflow/tfjs-node', '@stryker-mutator/core'],
  // Takes a test runner's name for that of a package.
  stryker: false,
  // Comes with the driver of a host that has a GPU.
  ignoreBinaries: ['nvidia-smi'],
} satisfies KnipConfig;
