import { resolve } from 'node:path';
import { ensureNativeEnvironment } from '../../containers/trainer/native-process.ts';
import { readSimulation } from '../experiments/simulator/config.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const simulate: Command = {
  usage: `Usage: npx lea simulate --config FILE --out DIR

Makes worlds whose users are known (tastes that drift, satiation, patience), writes logs with a stated logging policy,
trains recommenders on them, and runs every policy for whole sessions of new users: random, popularity, rivals, models
with and without an environment of a given accuracy, and two that know the truth. Prints the reward of a session with
intervals over seeds and users.

  --config FILE  {seeds, visitors, world, worlds, logging, sequences, rivals, training, environments, primary}, as
                 examples/simulator/simulation.json (docs/simulator.md)
  --out DIR      where everything goes: results.json, simulation.md, a picture of each world.
                 Interrupted, the same command goes on where it stopped.`,
  needs: ['TensorFlow'],
  prepare(args) {
    const { config, out } = readOptions(args, {
      config: { type: 'string' },
      out: { type: 'string' },
    });
    if (config === undefined || out === undefined) {
      throw new UsageError('Expected "--config FILE --out DIR".');
    }
    readSimulation(resolve(config));
    return async () => {
      ensureNativeEnvironment();
      const { simulateOnTerminal } = await import('../experiments/simulator/main.ts');
      await simulateOnTerminal(resolve(config), resolve(out));
      return 0;
    };
  },
};
