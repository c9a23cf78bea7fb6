import { defineConfig } from 'vitest/config';

/** A deployment to an emulator: minutes, and packages from PyPI. Not part of the ordinary tests. */
export default defineConfig({
  test: {
    include: ['test/deploy/*.check.ts'],
    globalSetup: 'test/temporary/of-a-run.ts',
    setupFiles: 'test/temporary/of-a-file.ts',
    pool: 'forks',
    // One emulator at a time.
    fileParallelism: false,
    // Minutes on a quiet machine; on a busy one, three times as long.
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
  },
});
