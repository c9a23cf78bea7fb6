import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/temporary/of-a-run.ts',
    setupFiles: 'test/temporary/of-a-file.ts',
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
      // One or two points below what all tests together reached (docs/testing.md).
      thresholds: {
        'lib/contracts/**': { lines: 97, statements: 96, functions: 96, branches: 95 },
        'lib/cost/**': { lines: 98, statements: 97, functions: 96, branches: 98 },
        'lib/interactions/**': { lines: 98, statements: 98, functions: 97, branches: 96 },
        'lib/sequences/**': { lines: 98, statements: 98, functions: 97, branches: 96 },
        'lib/popularity/**': { lines: 98, statements: 97, functions: 98, branches: 96 },
        'lib/environment/**': { lines: 97, statements: 97, functions: 98, branches: 96 },
        'lib/graph/**': { lines: 96, statements: 95, functions: 97, branches: 86 },
        'lib/recommender/**': { lines: 97, statements: 96, functions: 97, branches: 93 },
        'lib/evaluation/**': { lines: 97, statements: 97, functions: 98, branches: 92 },
        'lib/promotion/**': { lines: 98, statements: 98, functions: 98, branches: 97 },
        'lib/serving/**': { lines: 97, statements: 97, functions: 98, branches: 94 },
        'lib/report/**': { lines: 97, statements: 97, functions: 96, branches: 86 },
        'functions/**': { lines: 80, statements: 79, functions: 80, branches: 77 },
        'platform/**': { lines: 92, statements: 91, functions: 94, branches: 81 },
        'stacks/**': { lines: 97, statements: 97, functions: 98, branches: 92 },
        'local/**': { lines: 92, statements: 91, functions: 91, branches: 84 },
        'cli/**': { lines: 68, statements: 67, functions: 72, branches: 57 },
      },
    },
  },
});
