import { buildSync } from 'esbuild';
import { functionNames } from '#stacks/bundles.ts';

/**
 * The metrics that each function's own code can report, by the function's name, read from its bundle: only what esbuild's
 * tree shaking leaves can run.
 *
 * @param root the repository's folder
 */
export function reportedMetrics(root: string): Map<string, Set<string>> {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: functionNames(root).map((name) => `functions/${name}/handler.ts`),
    outbase: 'functions',
    outdir: 'out',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    packages: 'external',
    write: false,
    logLevel: 'error',
  });
  return new Map(
    outputFiles.map(({ path, text }) => {
      const called = text.matchAll(/\baddMetric\(\s*["'`](\w+)["'`]/g);
      return [path.split('/').at(-2)!, new Set([...called].map(([, name]) => name!))];
    }),
  );
}
