import { resolve } from 'node:path';
import type { Redriven } from '../artefacts/redrive.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const redrive: Command = {
  usage: `Usage: npx lea redrive (--out DIR | --environment NAME)

Gives what functions could not do another try: messages in dead-letter queues (uploads that could not be planned, ranges that
could not be parsed, lists that could not be made) go back to the queues that they came from. On this machine they are worked
on until nothing is left to do. A run that failed goes on with \`lea resume\`.

  --out DIR           the folder of \`lea run\` on this machine
  --environment NAME  the deployment, with the credentials that the AWS SDK finds`,
  needs: [],
  prepare(args) {
    const { out, environment } = readOptions(args, {
      out: { type: 'string' },
      environment: { type: 'string' },
    });
    if ((out === undefined) === (environment === undefined)) {
      throw new UsageError('Exactly one of --out and --environment is needed.');
    }
    if (out !== undefined) return () => redriveHere(resolve(out));
    return async () => {
      const { createSqsClient } = await import('#platform/clients.ts');
      const { redrive } = await import('../artefacts/redrive.ts');
      const driven = await redrive(createSqsClient(), `lea-${environment}-`);
      console.log(describe(driven));
      return 0;
    };
  },
};

/** Also waits for the functions. @returns 1 where some have failed again */
async function redriveHere(out: string): Promise<number> {
  const { SQSClient } = await import('@aws-sdk/client-sqs');
  const { redrive } = await import('../artefacts/redrive.ts');
  const { expectNight } = await import('../one-machine/night-file.ts');
  const { withNightCloud } = await import('../one-machine/night-cloud.ts');
  const { Progress } = await import('../one-machine/progress.ts');
  const { listenForInterruption } = await import('../process/interruption.ts');
  const { config: configText } = expectNight(out);
  const progress = new Progress(Date.now());
  using interruption = listenForInterruption(() =>
    progress.say('stopped; what was not worked on is kept, and the same command goes on with it'),
  );
  const { signal } = interruption;
  return await withNightCloud({ out, configText }, progress, signal, async (cloud) => {
    const { endpoint, region, credentials } = cloud;
    const client = new SQSClient({ endpoint, region, credentials });
    const driven = await redrive(client, '');
    client.destroy();
    progress.say(describe(driven));
    const left = await cloud.drained(signal);
    for (const { queue, messages } of left) {
      progress.say(`${messages} in ${queue} have failed again. Logs: ${cloud.logs}`);
    }
    return left.length === 0 ? 0 : 1;
  });
}

function describe(driven: readonly Redriven[]): string {
  if (driven.length === 0) return 'There is nothing to drive again.';
  return driven
    .map(({ queue, messages, isDriven }) =>
      isDriven
        ? `${messages} of ${queue} ${messages === 1 ? 'is' : 'are'} worked on again.`
        : `${messages} in ${queue} came from no queue: \`lea start\` begins a night by hand, then purge the queue.`,
    )
    .join('\n');
}
