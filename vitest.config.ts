import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Native modules (tfjs-node) load once a process, not once a thread; two cores do not need more.
    pool: 'forks',
    maxWorkers: 2,
    // A busy machine is slow, and only a test that hangs should end here.
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
    coverage: {
      enabled: process.env.LEA_COVERAGE === 'true',
      provider: 'v8',
      // What runs in this process; Lambda functions, jobs and commands that tests start as processes are not counted.
      include: [
        '{lib,functions,platform,local,stacks,cli,layers}/**/*.ts',
        'containers/trainer/**/*.ts',
        'setup/**/*.mjs',
      ],
      reporter: ['text-summary', 'html', 'json-summary'],
      reportsDirectory: 'coverage',
      reportOnFailure: true,
      // Each room by its own tests alone, rounded down (docs/testing.md); all tests together reach more.
      thresholds: {
        'lib/cost/**': { lines: 100, statements: 99, functions: 97, branches: 97 },
        'lib/interactions/**': { lines: 98, statements: 98, functions: 96, branches: 96 },
        'lib/sequences/**': { lines: 94, statements: 94, functions: 91, branches: 93 },
        'lib/popularity/**': { lines: 93, statements: 93, functions: 87, branches: 95 },
        'lib/environment/**': { lines: 99, statements: 99, functions: 100, branches: 98 },
        'lib/evaluation/**': { lines: 89, statements: 90, functions: 85, branches: 76 },
        'lib/promotion/**': { lines: 100, statements: 100, functions: 100, branches: 99 },
        'lib/report/**': { lines: 98, statements: 98, functions: 98, branches: 87 },
      },
    },
  },
});
