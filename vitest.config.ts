import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Native modules (tfjs-node) load once a process, not once a thread; two cores do not need more.
    pool: 'forks',
    maxWorkers: 2,
    // Generous: a busy machine is slow, and only a test that hangs should end here.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
  },
});
