import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { ensureNativeEnvironment } from '../../containers/trainer/native-process.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const environment: Command = {
  usage: `Usage: npx lea environment study --config FILE [--split SPLIT] [--out DIR] [--jobs N]

Fits every environment of a grid (base models, layers, shares of users, ...) on one data set, augments the training
sequences with each, trains the recommenders on them, and prints the frontier: fit cost, augmentation cost per million
transitions, pair accuracy on held-out users, NDCG@10 beside the recommender without environment. All of it is an
experiment (\`lea experiment\`), with the same rivals, intervals over users and seeds, noise floor, correction and page.

With "controls" the recommenders are trained on answers too of which a part is replaced (permuted or constant rewards,
permuted states, actions of other transitions, of item neighbours or of popularity, a random base model, other items'
texts), and each is set beside itself there.

  --config FILE  {interactions, items, baseModels, pipeline, vary, seeds, controls, vectors, primary}: paths relative to the file,
                 a pipeline configuration, and for each key of its section "environment" that varies the values,
                 as examples/movietweetings/environment-study.json and lea-controls.json
  --split SPLIT  in place of sequences.split of that configuration (give each split a folder of its own)
  --jobs N       processes that train at the same time (default: as many as there are cores)
  --out DIR      where everything goes (default out/environment-study): results.json, study.md
                 and what an experiment writes.
                 Interrupted, the same command goes on where it stopped.`,
  needs: ['TensorFlow', 'Python'],
  prepare([subcommand, ...args]) {
    const { config, split, out, jobs } = readOptions(args, {
      config: { type: 'string' },
      jobs: { type: 'string' },
      split: { type: 'string' },
      out: { type: 'string' },
    });
    if (subcommand !== 'study' || config === undefined) {
      throw new UsageError('Expected "study --config FILE".');
    }
    const processes = jobs === undefined ? availableParallelism() : Number(jobs);
    if (!Number.isSafeInteger(processes) || processes < 1) {
      throw new UsageError(`--jobs ${jobs}: expected a whole number from 1.`);
    }
    return async () => {
      ensureNativeEnvironment();
      const { study } = await import('../experiments/environment-study/main.ts');
      await study({
        file: resolve(config),
        split,
        out: resolve(out ?? 'out/environment-study'),
        jobs: processes,
      });
      return 0;
    };
  },
};
