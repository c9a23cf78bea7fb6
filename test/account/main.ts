import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../setup/paths.mjs';
import { runCommand } from './commands.ts';
import { tryAccount, validateFile } from './night.ts';

/** The small base model that `npm run setup` prepares. */
const baseModel = join(root, '.cache/base-models/smollm2-135m-instruct');

const usage = `Usage: npm run test:account -- --yes [--cpu] [--budget USD] [--minutes N] [--environment NAME]
       npm run test:account -- --definition

Deploys to the AWS account of your credentials under a name of its own, runs a tiny night (one ml.g5.xlarge for minutes, ml.c5.xlarge
for training), recommends, removes everything and prints what the night cost. COSTS MONEY: about 1 USD, at worst the budget.

  --yes               that is understood
  --cpu               without the environment and its GPU: a supervised recommender alone, some cents
  --budget USD        a night that may cost more is refused before it starts (default 5)
  --minutes N         everything is torn down after that (default 150)
  --environment NAME  the deployment's (default: account- and a random number)
  --definition        only asks Step Functions whether it accepts the definition of docs/state-machine.json (costs nothing)

Ctrl-C tears down, too. Needs the AWS CLI 2, credentials, a region, and \`npx cdk bootstrap\` once.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      yes: { type: 'boolean', default: false },
      cpu: { type: 'boolean', default: false },
      budget: { type: 'string', default: '5' },
      minutes: { type: 'string', default: '150' },
      environment: { type: 'string', default: `account-${randomBytes(3).toString('hex')}` },
      definition: { type: 'boolean', default: false },
    },
  });
  const begun = Date.now();
  const report = (line: string) =>
    console.log(`${String(Math.round((Date.now() - begun) / 1000)).padStart(5)} s  ${line}`);
  if (values.definition)
    return validateFile(runCommand, join(root, 'docs/state-machine.json'), report);
  const budgetUsd = Number(values.budget);
  const maximumMinutes = Number(values.minutes);
  if (!values.yes || !(budgetUsd > 0) || !(maximumMinutes >= 60)) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  if (!existsSync(baseModel)) throw new Error(`${baseModel} is missing: run npm run setup first.`);
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
  await tryAccount({
    run: runCommand,
    environment: values.environment,
    budgetUsd,
    instances: values.cpu ? 'cpu' : 'gpu',
    maximumMinutes,
    folder: join(root, 'out/test-account', values.environment),
    baseModel,
    report,
    signal: interruption.signal,
    pollMilliseconds: 15_000,
  });
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
