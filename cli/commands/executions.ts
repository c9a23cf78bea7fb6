import { resolve } from 'node:path';
import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import { nameRun } from '#lib/contracts/run.ts';
import { nightConfig } from '../one-machine/config.ts';
import { asCalled, quoted } from '../process/called.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

const where = `  --out DIR           the folder of \`lea run\` or \`lea backfill\` on this machine
  --environment NAME  or the deployment, with the credentials that the AWS SDK finds`;

const places = { out: { type: 'string' }, environment: { type: 'string' } } as const;

/** @throws UsageError unless exactly one place is given */
function readPlace(given: {
  readonly out?: string | undefined;
  readonly environment?: string | undefined;
}): { readonly out: string } | { readonly environment: string } {
  const { out, environment } = given;
  if ((out === undefined) === (environment === undefined)) {
    throw new UsageError('Exactly one of --out and --environment is needed.');
  }
  return out === undefined ? { environment: environment! } : { out: resolve(out) };
}

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

/**
 * A night on this machine, on what has been uploaded.
 *
 * @param configured its configuration; by default that of the last one
 */
async function nightHere(
  out: string,
  run: string | undefined,
  configured?: ReturnType<typeof nightConfig>,
): Promise<number> {
  const { parseConfig } = await import('#lib/contracts/config.ts');
  const { expectNight } = await import('../one-machine/night-file.ts');
  const { runNight } = await import('../one-machine/night.ts');
  const { setUp } = await import('../../setup/setup.mjs');
  const { config: last } = expectNight(out);
  setUp(['TensorFlow', 'Python']);
  const night = await runNight({
    interactions: [],
    items: [],
    ...(configured ?? { config: parseConfig(JSON.parse(last), 'night.json'), configText: last }),
    out,
    run,
    startedAt: Number(process.env.LEA_STARTED_AT ?? Date.now()),
  });
  return night.status === 'succeeded' ? 0 : 1;
}

/** The run to go on with. @throws ValidationError where there is none */
async function runToResume(out: string, run: string | undefined): Promise<string> {
  const { runs } = await import('#lib/contracts/keys.ts');
  const { runStatus } = await import('#lib/contracts/run.ts');
  const { expectNight } = await import('../one-machine/night-file.ts');
  const { withBucket } = await import('./place.ts');
  const wanted = run ?? expectNight(out).run;
  const status = await withBucket({ out }, async (objects) =>
    objects.getVersion(runs.status(wanted), runStatus),
  );
  if (status === undefined) {
    const which = run === undefined ? 'night' : `run ${run}`;
    throw new ValidationError(
      `No ${which} has begun in ${out}: \`lea start\` begins one, \`lea runs\` lists them.`,
    );
  }
  if (status.value.status === 'succeeded' || status.value.status === 'skipped') {
    throw new ValidationError(`Run ${wanted} has ended well: \`lea start\` begins another one.`);
  }
  return wanted;
}

export const start: Command = {
  usage: `Usage: npx lea start (--out DIR [--config FILE] | --environment NAME) [--run NAME]

Begins a night now, on what has been uploaded. On this machine it takes the configuration of the last night, or of \`lea backfill\`,
and goes on with one that was interrupted.

${where}
  --run NAME          name of the run (default: today's date, on this machine numbered where that run has ended). A night that
                      is begun by hand works although nothing is new
  --config FILE       with --out, another configuration than that of the last night`,
  needs: [],
  prepare(args) {
    const { run, config, ...given } = readOptions(args, {
      ...places,
      run: { type: 'string' },
      config: { type: 'string' },
    });
    const place = readPlace(given);
    const named = run === undefined ? undefined : nameRun(run, null, 'UTC', new Date());
    if ('out' in place) {
      const configured = config === undefined ? undefined : nightConfig(config);
      return () => nightHere(place.out, named, configured);
    }
    if (config !== undefined) {
      throw new UsageError('--config belongs to --out: a deployment has its configuration.');
    }
    const name = named ?? nameRun(null, null, 'UTC', new Date());
    const { environment } = place;
    return async () => {
      const execution = await (await openMachine(environment)).start({ run: name });
      console.log(
        asCalled(
          `Run ${name} has begun: ${execution}\n\`npx lea status --environment ${environment}\` tells how it goes.`,
        ),
      );
      return 0;
    };
  },
};

export const resume: Command = {
  usage: `Usage: npx lea resume --out DIR [--run NAME]
       npx lea resume --environment NAME --run NAME

Goes on with a run that failed or was stopped: what is finished is not repeated.

${where}
  --run NAME          the run (\`lea runs\` lists them; on this machine by default the last one)`,
  needs: [],
  prepare(args) {
    const { run, ...given } = readOptions(args, { ...places, run: { type: 'string' } });
    const place = readPlace(given);
    const name = run === undefined ? undefined : nameRun(run, null, 'UTC', new Date());
    if ('out' in place) {
      return async () => nightHere(place.out, await runToResume(place.out, name));
    }
    if (name === undefined) throw new UsageError('--run is needed.');
    return async () => {
      const machine = await openMachine(place.environment);
      const execution = await machine.start({ run: name, resume: true });
      console.log(`Run ${name} goes on: ${execution}`);
      return 0;
    };
  },
};

export const stop: Command = {
  usage: `Usage: npx lea stop (--out DIR | --environment NAME)

Stops the night that is at work; \`lea resume\` goes on with it. On AWS its jobs and endpoints are removed and its lock is released within
minutes. On this machine whatever works in DIR is asked to end, as by Ctrl-C.

${where}`,
  needs: [],
  prepare(args) {
    const given = readOptions(args, places);
    const place = readPlace(given);
    if ('out' in place) {
      const out = quoted(given.out!);
      return async () => {
        const { stopIn } = await import('../one-machine/stop.ts');
        const stopped = await stopIn(place.out);
        console.log(
          stopped === undefined
            ? 'No night is at work.'
            : asCalled(
                `Stopped process ${stopped}. \`npx lea status --out ${out}\` tells how things stand, \`npx lea resume --out ${out}\` goes on with a night that was at work.`,
              ),
        );
        return 0;
      };
    }
    return async () => {
      const stopped = await (await openMachine(place.environment)).stopAll();
      console.log(
        stopped.length === 0 ? 'No night is at work.' : `Stopped:\n${stopped.join('\n')}`,
      );
      return 0;
    };
  },
};
