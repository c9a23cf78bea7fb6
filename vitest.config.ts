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
    },
  },
});
