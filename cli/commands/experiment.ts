import { availableParallelism } from 'node:os';
import { ensureNativeEnvironment } from '../../containers/trainer/native-process.ts';
import { parseValue } from '../experiments/asked-models.ts';
import { experimentFile } from '../experiments/experiment-file.ts';
import { planExperiment } from '../experiments/options.ts';
import { panelsOf } from '../experiments/panels.ts';
import { nightConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const experiment: Command = {
  usage: `Usage: npx lea experiment --config E.json --out DIR
       npx lea experiment --interactions FILE --models BACKBONE:OBJECTIVE,... --out DIR
                   [--format sequences|interactions] [--split leave-one-out|by-user|global-time] [--seeds N]
                   [--window N] [--exclude-history true|false|auto] [--minimum-user N] [--minimum-item N]
                   [--config FILE] [--vectors FILE] [--rivals request|night] [--tune N] [--jobs N] [--set SETTING=VALUE ...]

Trains and scores (full ranking, early stopping on the validation cases) every model with every seed and writes
DIR/results.json, experiment.md, experiment.svg and experiment.html: the data's audit (ties, cold items, repeats, drift),
the grid's differences with intervals over users and seeds, p-values after Holm, the noise floor, learning curves.
Interrupted, it goes on where it stopped.

  --format sequences   one user a line, "user item item ..." in time order (default);
           interactions  JSON lines or CSV as teams upload them, read by the rules of ingestion
  --split              global-time (default), but leave-one-out for sequences, which have no times
  --vectors            item-vectors.arrow, for models with text={}
  --rivals             compare with the rivals of every night, counts as of then (default: baselines without time)
  --models             for example sasrec:supervised,gru4rec:snqn,sasrec:supervised:dropout=0.5
  --tune N             random search before the grid, N trials for every model, judged on validation
  --jobs N             processes that train at the same time (default: as many as there are cores)
  --config FILE        an experiment {interactions, format, models, seeds, primary, ...}: its keys are these options, paths
                       relative to the file (examples/movietweetings/experiment.json), options given besides count more,
                       "data" and "splits", several data sets and splits (examples/experiments/three-sets.json), "grid",
                       which combines backbones, objectives and parts, "environments", which answer models with lea={} (with "items" and "baseModels"), and
                       "controls", which replace a part of what a model reads (docs/environment-study.md);
                       or a pipeline configuration, whose section "interactions" says how interactions are read and
                       rewarded (default: config/one-machine.json)
  --set                a setting of all models (config section training), for example --set dimension=128`,
  needs: ['TensorFlow'],
  prepare(args) {
    const values = readOptions(args, {
      format: { type: 'string' },
      interactions: { type: 'string' },
      models: { type: 'string' },
      out: { type: 'string' },
      split: { type: 'string' },
      seeds: { type: 'string' },
      jobs: { type: 'string' },
      vectors: { type: 'string' },
      rivals: { type: 'string' },
      window: { type: 'string' },
      'exclude-history': { type: 'string' },
      'minimum-user': { type: 'string' },
      'minimum-item': { type: 'string' },
      config: { type: 'string' },
      tune: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
    });
    const file = values.config === undefined ? undefined : experimentFile(values.config);
    const given = {
      format: values.format,
      interactions: values.interactions,
      out: values.out,
      // Not within braces: a setting may be JSON.
      models: values.models?.split(/,(?![^{]*\})/),
      tune: parseValue(values.tune),
      vectors: values.vectors,
      rivals: values.rivals,
      split: values.split,
      seeds: parseValue(values.seeds),
      jobs: parseValue(values.jobs) ?? file?.jobs ?? availableParallelism(),
      window: parseValue(values.window),
      excludeHistory: parseValue(values['exclude-history']),
      minimumUserInteractions: parseValue(values['minimum-user']),
      minimumItemInteractions: parseValue(values['minimum-item']),
      reading: file === undefined ? nightConfig(values.config).config.interactions : undefined,
      training: values.set.length === 0 ? undefined : readSettings(values.set),
    };
    const options = {
      format: 'sequences',
      models: [],
      ...file,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    };
    const panels = panelsOf(options);
    for (const { options: own } of panels) planExperiment(own);
    return async () => {
      ensureNativeEnvironment();
      if (panels.some(({ options: own }) => Object.keys(own.environments ?? {}).length > 0)) {
        const { setUp } = await import('../../setup/setup.mjs');
        setUp(['Python']);
      }
      const { experimentOnTerminal } = await import('../experiments/main.ts');
      await experimentOnTerminal(options as typeof options & { readonly out: string });
      return 0;
    };
  },
};

/** `dimension=128` to `{dimension: 128}`. */
function readSettings(settings: readonly string[]): Record<string, unknown> {
  const entries = settings.map((setting) => {
    const at = setting.indexOf('=');
    if (at < 1) throw new UsageError(`--set ${setting}: expected SETTING=VALUE.`);
    return [setting.slice(0, at), parseValue(setting.slice(at + 1))] as const;
  });
  const names = entries.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`--set ${twice} is given more than once.`);
  return Object.fromEntries(entries);
}
