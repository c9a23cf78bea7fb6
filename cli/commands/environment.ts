import { resolve } from 'node:path';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const environment: Command = {
  usage: `Usage: npx lea environment study --config FILE [--split SPLIT] [--out DIR]

Fits every environment of a grid (base models, layers, shares of users, ...) on one data set, augments the training
sequences with each, trains the recommenders on them, and prints the frontier: fit cost, augmentation cost per million
transitions, pair accuracy on held-out users, NDCG@10 beside the recommender without environment.

With "controls" the recommenders are trained on answers too of which a part is replaced (permuted or constant rewards,
permuted states, actions of other transitions, of item neighbours or of popularity), and each is set beside itself there.

  --config FILE  {interactions, items, baseModels, pipeline, vary, seeds, controls, vectors}: paths relative to the file,
                 a pipeline configuration, and for each key of its section "environment" that varies the values,
                 as examples/movietweetings/environment-study.json and lea-controls.json
  --split SPLIT  in place of sequences.split of that configuration (give each split a folder of its own)
  --out DIR      where everything goes (default out/environment-study): results.json, study.md.
                 Interrupted, the same command goes on where it stopped.`,
  needs: ['TensorFlow', 'Python'],
  prepare([subcommand, ...args]) {
    const { config, split, out } = readOptions(args, {
      config: { type: 'string' },
      split: { type: 'string' },
      out: { type: 'string' },
    });
    if (subcommand !== 'study' || config === undefined) {
      throw new UsageError('Expected "study --config FILE".');
    }
    return async () => {
      const { study } = await import('../experiments/environment-study/main.ts');
      await study(resolve(config), split, resolve(out ?? 'out/environment-study'));
      return 0;
    };
  },
};
