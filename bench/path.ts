import { build } from 'esbuild';
import { root } from '../setup/paths.mjs';
import { bundling } from '../stacks/bundles.ts';

/**
 * `npm run bench -- path`: how many of our own TypeScript files run for one interaction on its way from file to
 * recommendation (docs/walkthrough.md), types and what bundling leaves out not counted.
 */
const stops = {
  'plan-upload': 'functions/plan-upload/handler.ts',
  'parse-range': 'functions/parse-range/handler.ts',
  'build-sequences': 'functions/build-sequences/handler.ts',
  'augment-sequences': 'functions/augment-sequences/handler.ts',
  'the trainer': 'containers/trainer/main.ts',
  recommend: 'functions/recommend/handler.ts',
};

const report = (stop: string, files: number) =>
  console.log(
    JSON.stringify({ bench: 'path', case: stop, metric: 'own files', value: files, unit: 'files' }),
  );

const all = new Set<string>();
for (const [stop, entry] of Object.entries(stops)) {
  const { metafile } = await build({
    ...bundling,
    absWorkingDir: root,
    entryPoints: [entry],
    packages: 'external',
    metafile: true,
    write: false,
    outdir: 'out',
  });
  const own = new Set(
    Object.values(metafile.outputs)
      .flatMap(({ inputs }) => Object.entries(inputs))
      .filter(([file, { bytesInOutput }]) => file.endsWith('.ts') && bytesInOutput > 0)
      .map(([file]) => file),
  );
  for (const file of own) all.add(file);
  report(stop, own.size);
}
report('together, each once', all.size);
