import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from '../../setup/paths.mjs';
import { readConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const cost: Command = {
  usage: `Usage: npx lea cost --interactions N --items N [--config FILE] [--parameters N]

  --interactions N, --items N  how much data there is
  --config FILE                pipeline configuration (default config/pipeline.json)
  --parameters N               of the environment's base model, where its name does not tell`,
  needs: [],
  prepare(args) {
    const { parameters, ...options } = readOptions(args, {
      interactions: { type: 'string' },
      items: { type: 'string' },
      config: { type: 'string' },
      parameters: { type: 'string' },
    });
    const question = {
      interactions: count('--interactions', options.interactions),
      items: count('--items', options.items),
      ...(parameters !== undefined && { baseModelParameters: count('--parameters', parameters) }),
    };
    const config = readConfig(resolve(options.config ?? join(root, 'config/pipeline.json')));
    return async () => {
      const { costTable } = await import('#lib/cost/cost-table.ts');
      const { parsePrices } = await import('#lib/cost/prices.ts');
      const { deployedCounts } = await import('#stacks/monitoring/alarms.ts');
      const prices = parsePrices(table('prices.json'), table('throughput.json'));
      console.log(costTable(question, config, prices, deployedCounts));
      return 0;
    };
  },
};

function table(name: string): unknown {
  return JSON.parse(readFileSync(join(root, 'config', name), 'utf8'));
}

function count(option: string, text: string | undefined): number {
  const value = Number(text?.replaceAll(/[_,]/g, ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`${option} must be a whole number above 0, not "${text ?? ''}".`);
}
