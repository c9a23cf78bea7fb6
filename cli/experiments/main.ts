import { parseArgs } from 'node:util';
import { ensureNativeEnvironment } from '../../containers/trainer/native-process.ts';
import type { ExperimentOptions } from './options.ts';

/**
 * `lea experiment --format sequences --interactions FILE --models sasrec:supervised,gru4rec:snqn --out DIR
 * [--split leave-one-out] [--seeds N] [--window N] [--exclude-history true|false|auto] [--minimum-user N]
 * [--minimum-item N] [--set name=value ...]`, where `--set` changes a setting of all models.
 */
function readOptions(args: string[]): ExperimentOptions {
  const { values } = parseArgs({
    args,
    options: {
      format: { type: 'string', default: 'sequences' },
      interactions: { type: 'string' },
      models: { type: 'string' },
      out: { type: 'string' },
      split: { type: 'string' },
      seeds: { type: 'string' },
      window: { type: 'string' },
      'exclude-history': { type: 'string' },
      'minimum-user': { type: 'string' },
      'minimum-item': { type: 'string' },
      set: { type: 'string', multiple: true },
    },
  });
  const parsed = (text: string | undefined) => {
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  };
  const training = Object.fromEntries(
    (values.set ?? []).map((setting) => {
      const at = setting.indexOf('=');
      return [setting.slice(0, at), parsed(setting.slice(at + 1))];
    }),
  );
  const given = {
    format: values.format,
    interactions: values.interactions,
    models: values.models?.split(',') ?? [],
    out: values.out,
    split: values.split,
    seeds: parsed(values.seeds),
    window: parsed(values.window),
    excludeHistory: parsed(values['exclude-history']),
    minimumUserInteractions: parsed(values['minimum-user']),
    minimumItemInteractions: parsed(values['minimum-item']),
    training,
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as unknown as ExperimentOptions;
}

async function main(): Promise<number> {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      isStopping = true;
    });
  }
  try {
    const options = readOptions(process.argv.slice(2));
    const { runExperiment } = await import('./experiment.ts');
    const { formatResults } = await import('./results.ts');
    const { results, path } = await runExperiment(options, {
      shouldStop: () => isStopping,
      onProgress(progress) {
        const { stage, ...values } = progress;
        const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
        const text = pairs.map(([name, value]) => `${name}=${brief(value)}`).join(' ');
        process.stdout.write(`stage=${stage} ${text}\n`);
      },
    });
    process.stdout.write(`\n${formatResults(results)}\n\n${path}\n`);
    return 0;
  } catch (error) {
    const { name, message } = error as Error;
    process.stderr.write(`${name}: ${message}\n`);
    return name === 'Stopped' ? 143 : 1;
  }
}

const brief = (value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;

ensureNativeEnvironment();
process.exitCode = await main();
