import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { environmentName } from '#lib/contracts/environment-name.ts';
import { root } from '../../setup/paths.mjs';
import { readConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readCount } from './count.ts';
import { readOptions, UsageError } from './options.ts';

export const preflight: Command = {
  usage: `Usage: npx lea preflight [--config FILE] [--environment NAME] [--bucket NAME]
                         [--interactions N --items N] [--images-given]

Checks, before anything is paid, what would stop a deployment or a night on AWS: quotas, instance types of the region, base
model, names, times against their limits. What needs an account uses the credentials and the region that the AWS SDK
finds; without them it is skipped, and said so. Exit status: 0 nothing stands in the way, 1 something does.

  --config FILE        pipeline configuration (default config/pipeline.json)
  --environment NAME   the deployment's (default dev)
  --bucket NAME        data bucket (stack output DataBucketName): looks for the base model there
  --interactions N, --items N  how much data there is: compares times with limits
  --images-given       both images are given by their URIs, so nothing is built`,
  needs: [],
  prepare(args) {
    const options = readOptions(args, {
      config: { type: 'string' },
      environment: { type: 'string', default: 'dev' },
      bucket: { type: 'string' },
      interactions: { type: 'string' },
      items: { type: 'string' },
      'images-given': { type: 'boolean', default: false },
    });
    const { interactions, items, environment } = options;
    const name = environmentName.safeParse(environment);
    if (!name.success)
      throw new UsageError(`--environment ${environment}: ${name.error.issues[0]!.message}.`);
    const counts =
      interactions === undefined && items === undefined
        ? undefined
        : {
            interactions: readCount('--interactions', interactions),
            items: readCount('--items', items),
          };
    const config = readConfig(resolve(options.config ?? join(root, 'config/pipeline.json')));
    return async () => {
      const { examine } = await import('../preflight/examine.ts');
      const { parsePrices } = await import('#lib/cost/prices.ts');
      const tables = parsePrices(table('prices.json'), table('throughput.json'));
      const findings = await examine({
        config,
        deployment: `lea-${environment}`,
        bucket: options.bucket,
        buildsImages: !options['images-given'],
        counts,
        tables,
      });
      const width = Math.max(...findings.map(({ check }) => check.length));
      for (const { level, check, message } of findings) {
        console.log(`${level.padEnd(7)}  ${check.padEnd(width)}  ${message}`);
      }
      const blockers = findings.filter(({ level }) => level === 'blocker').length;
      const skipped = findings.filter(({ level }) => level === 'skipped').length;
      console.log(
        `\n${findings.length} checks: ${blockers === 0 ? 'nothing stands in the way' : `${blockers} would stop you`}${skipped === 0 ? '' : `, ${skipped} could not be made`}.`,
      );
      return blockers === 0 ? 0 : 1;
    };
  },
};

function table(name: string): unknown {
  return JSON.parse(readFileSync(join(root, 'config', name), 'utf8'));
}
