import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from '../../setup/paths.mjs';
import { readConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readCount } from './count.ts';
import { readOptions } from './options.ts';

export const cost: Command = {
  usage: `Usage: npx lea cost --interactions N --items N [--users N] [--new N] [--config FILE] [--parameters N]

  --interactions N, --items N  how much data there is (1e9 is a number, too)
  --users N                    whose it is (default a tenth of the interactions)
  --new N                      interactions that a night finds new (default a hundredth; 0 is a number, too)
  --config FILE                pipeline configuration (default config/pipeline.json)
  --parameters N               of the environment's base model, where its name does not tell`,
  needs: [],
  prepare(args) {
    const {
      parameters,
      users,
      new: added,
      ...options
    } = readOptions(args, {
      interactions: { type: 'string' },
      users: { type: 'string' },
      new: { type: 'string' },
      items: { type: 'string' },
      config: { type: 'string' },
      parameters: { type: 'string' },
    });
    const question = {
      interactions: readCount('--interactions', options.interactions),
      items: readCount('--items', options.items),
      ...(users !== undefined && { users: readCount('--users', users) }),
      ...(added !== undefined && {
        newInteractions: added === '0' ? 0 : readCount('--new', added),
      }),
      ...(parameters !== undefined && {
        baseModelParameters: readCount('--parameters', parameters),
      }),
    };
    const config = readConfig(resolve(options.config ?? join(root, 'config/pipeline.json')));
    return async () => {
      const { costTable, planTable } = await import('#lib/cost/cost-table.ts');
      const { parsePrices } = await import('#lib/cost/prices.ts');
      const { deployedCounts } = await import('#stacks/alarms.ts');
      const prices = parsePrices(table('prices.json'), table('throughput.json'));
      // What a run that would not end would do, too; it has no price.
      console.log(`${planTable(question, config, prices)}\n`);
      console.log(costTable(question, config, prices, deployedCounts));
      return 0;
    };
  },
};

function table(name: string): unknown {
  return JSON.parse(readFileSync(join(root, 'config', name), 'utf8'));
}
