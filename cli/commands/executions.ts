import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { nameRun } from '#lib/contracts/run.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

const where = `  --environment NAME  the deployment, with the credentials that the AWS SDK finds`;
const here =
  'On this machine `npx lea run --out DIR` does a night and goes on with one that was interrupted; Ctrl-C stops it.';

/** The nightly state machine of a deployment. */
async function openMachine(environment: string) {
  const { callerEnvironment } = await import('#platform/caller.ts');
  const { readStackOutputs } = await import('#platform/stack-outputs.ts');
  const { createExecutions } = await import('#platform/executions.ts');
  const caller = await callerEnvironment();
  const stack = `lea-${environment}-retraining`;
  const machine = (await readStackOutputs(stack, caller)).get('StateMachineArn');
  if (machine === undefined) {
    throw new MissingArtefactError(
      `The stack ${stack} has no output StateMachineArn: deploy it anew.`,
    );
  }
  return createExecutions(machine, caller);
}

export const start: Command = {
  usage: `Usage: npx lea start --environment NAME [--run NAME]

Begins a night on AWS now, besides those of the schedule. ${here}

${where}
  --run NAME          name of the run (default: today's date); one that is given works although nothing is new`,
  needs: [],
  prepare(args) {
    const { environment, run } = readOptions(args, {
      environment: { type: 'string' },
      run: { type: 'string' },
    });
    if (environment === undefined) throw new UsageError('--environment is needed.');
    const name = nameRun(run ?? null, null, 'UTC', new Date());
    return async () => {
      const execution = await (await openMachine(environment)).start({ run: name });
      console.log(
        `Run ${name} has begun: ${execution}\n\`npx lea status --environment ${environment}\` tells how it goes.`,
      );
      return 0;
    };
  },
};

export const resume: Command = {
  usage: `Usage: npx lea resume --environment NAME --run NAME

Goes on with a run on AWS that failed or was stopped: what is finished is not repeated. ${here}

${where}
  --run NAME          the run (\`lea runs\` lists them)`,
  needs: [],
  prepare(args) {
    const { environment, run } = readOptions(args, {
      environment: { type: 'string' },
      run: { type: 'string' },
    });
    if (environment === undefined) throw new UsageError('--environment is needed.');
    if (run === undefined) throw new UsageError('--run is needed.');
    const name = nameRun(run, null, 'UTC', new Date());
    return async () => {
      const execution = await (await openMachine(environment)).start({ run: name, resume: true });
      console.log(`Run ${name} goes on: ${execution}`);
      return 0;
    };
  },
};

export const stop: Command = {
  usage: `Usage: npx lea stop --environment NAME

Stops the night that is at work on AWS. Its jobs and endpoints are removed and its lock is released within minutes; \`lea resume\` goes
on with it then. ${here}

${where}`,
  needs: [],
  prepare(args) {
    const { environment } = readOptions(args, { environment: { type: 'string' } });
    if (environment === undefined) throw new UsageError('--environment is needed.');
    return async () => {
      const stopped = await (await openMachine(environment)).stopAll();
      console.log(
        stopped.length === 0 ? 'No night is at work.' : `Stopped:\n${stopped.join('\n')}`,
      );
      return 0;
    };
  },
};
