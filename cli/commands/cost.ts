import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ValidationError } from '#lib/contracts/errors.ts';
import { costTable } from '#lib/cost/cost-table.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { deployedCounts } from '#stacks/monitoring/alarms.ts';
import { root } from '../../setup/paths.mjs';
import { readConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';

export const cost: Command = {
  name: 'cost',
  summary: 'estimate what a run, and a month without any, costs on AWS',
  usage: `Usage: npx lea cost --interactions N --items N [--config FILE] [--parameters N]

  --interactions N, --items N  how much data there is
  --config FILE                pipeline configuration (default config/pipeline.json)
  --parameters N               of the environment's base model, where its name does not tell`,
  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        interactions: { type: 'string' },
        items: { type: 'string' },
        config: { type: 'string' },
        parameters: { type: 'string' },
      },
    });
    const config = readConfig(resolve(values.config ?? join(root, 'config/pipeline.json')));
    const table = (name: string) =>
      JSON.parse(readFileSync(join(root, 'config', name), 'utf8')) as unknown;
    const question = {
      interactions: count('--interactions', values.interactions),
      items: count('--items', values.items),
      ...(values.parameters !== undefined && {
        baseModelParameters: count('--parameters', values.parameters),
      }),
    };
    const prices = parsePrices(table('prices.json'), table('throughput.json'));
    console.log(costTable(question, config, prices, deployedCounts));
    return 0;
  },
};

function count(option: string, text: string | undefined): number {
  const value = Number(text?.replaceAll(/[_,]/g, ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ValidationError(`${option} must be a whole number above 0, not "${text ?? ''}".`);
}
