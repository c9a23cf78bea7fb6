import { defineConfig } from 'vitest/config';

/** The tests that `npm run mutation` (stryker.config.json) holds against changed code. */
export default defineConfig({
  test: {
    include: ['test/lib/{promotion,evaluation,interactions}/**/*.test.ts'],
    globalSetup: 'test/temporary/of-a-run.ts',
    setupFiles: 'test/temporary/of-a-file.ts',
    // A change is switched on while the tests run, so that modules need not be loaded for each.
    isolate: false,
    // Stryker ends what hangs.
    testTimeout: 1_200_000,
    // TensorFlow's native library cannot be loaded by the threads that mutants run in.
    exclude: ['test/lib/evaluation/network-blend.test.ts'],
  },
});
