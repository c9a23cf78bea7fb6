import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type BuildOptions, buildSync } from 'esbuild';

/** The code of a function, by the name of its folder below `functions/`. */
export type Bundles = (name: string) => Code;

/** What CommonJS dependencies take for granted (TensorFlow.js's kernels `__dirname`), and an ES module lacks. */
const banner = [
  "import { createRequire as leaCreateRequire } from 'node:module';",
  'const require = leaCreateRequire(import.meta.url);',
  'const __dirname = import.meta.dirname;',
  'const __filename = import.meta.filename;',
].join('');

/** How all functions are bundled. */
export const bundling = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  banner: { js: banner },
  minify: true,
  // Errors are matched by name, in Step Functions and in the logs.
  keepNames: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'error',
} as const satisfies BuildOptions;

/**
 * Bundles all functions in one esbuild run and hands out one asset per function.
 *
 * Everything is bundled, also the AWS SDK: a bundle is then what was tested, and it loads faster than the copy
 * that Lambda brings along (`npm run bench -- lambda`). A file is only touched when its content changes, so that
 * two syntheses of the same sources, also at the same time, give the same asset hashes.
 *
 * @param root the repository's folder
 */
export function bundleFunctions(root: string): Bundles {
  const output = join(root, '.cache/bundles');
  const names = functionNames(root);
  const result = buildSync({
    ...bundling,
    absWorkingDir: root,
    entryPoints: names.map((name) => `functions/${name}/handler.ts`),
    outbase: 'functions',
    outdir: relative(root, output),
    outExtension: { '.js': '.mjs' },
    write: false,
  });
  const written = new Set(result.outputFiles.map((file) => file.path));
  for (const name of names) {
    const folder = join(output, name);
    mkdirSync(folder, { recursive: true });
    for (const entry of readdirSync(folder)) {
      if (!written.has(join(folder, entry))) rmSync(join(folder, entry), { recursive: true });
    }
  }
  // What is not complete is not in a function's folder: all that is there is deployed.
  const unfinished = join(output, `.${process.pid}`);
  for (const file of result.outputFiles) writeIfChanged(file.path, file.contents, unfinished);
  return (name) => {
    if (names.includes(name)) return Code.fromAsset(join(output, name));
    throw new Error(`functions/${name}/handler.ts does not exist, but a stack has the function.`);
  };
}

/** The folders below `functions/` that hold a function; `shared` holds what they share. */
export function functionNames(root: string): string[] {
  return readdirSync(join(root, 'functions'))
    .filter((name) => name !== 'shared' && existsSync(join(root, 'functions', name, 'handler.ts')))
    .sort();
}

function writeIfChanged(path: string, contents: Uint8Array, unfinished: string): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}
