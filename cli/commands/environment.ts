import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ValidationError } from '#lib/contracts/errors.ts';
import { root } from '../../setup/paths.mjs';
import type { Command } from './command.ts';

export const environment: Command = {
  name: 'environment',
  summary: 'compare environments: what they cost, how good they are, what comes of it',
  usage: `Usage: npx lea environment study --config FILE [--out DIR]

Fits every environment of a grid (base models, layers, shares of users, ...) on one data set, augments the training
sequences with each, trains the recommenders on them, and prints the frontier: fit cost, augmentation cost per million
transitions, pair accuracy on held-out users, NDCG@10 beside the recommender without environment.

  --config FILE  {interactions, items, baseModels, pipeline, vary, seeds}: paths relative to the file, a pipeline
                 configuration, and for each key of its section "environment" that varies the values,
                 as examples/movietweetings/environment-study.json
  --out DIR      where everything goes (default out/environment-study): results.json, study.md.
                 Interrupted, the same command goes on where it stopped.`,
  async run([subcommand, ...args]) {
    const { values } = parseArgs({
      args,
      options: { config: { type: 'string' }, out: { type: 'string' } },
    });
    if (subcommand !== 'study' || values.config === undefined) {
      throw new ValidationError(`Expected "study --config FILE".\n\n${this.usage}`);
    }
    // Loaded only now: it takes seconds.
    const { study } = await import('../experiments/environment-study/main.ts');
    await study(resolve(values.config), resolve(values.out ?? join(root, 'out/environment-study')));
    return 0;
  },
};
