import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { nativeEnvironment } from '#lib/graph/native-environment.ts';
import { ensureNativeEnvironment } from '../containers/trainer/native-process.ts';

/**
 * `npm run bench -- trainer [--only TEXT] [--rounds N] [--list] [--profile] [--half]`: the trainer's steps and full ranking beside the same
 * mathematics in PyTorch (`peers/trainer.py`), measured by turns in the same run; whole lines beside one prefix per sample;
 * a catalogue of a million items. One JSON line a number; a ratio above 1 is better than the peer. Close everything else.
 * `--profile`: instead, where the time of a step on whole lines goes, by operation (Linux alone; one thread). `--half`: what products of bfloat16 numbers would bring.
 */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    list: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    half: { type: 'boolean', default: false },
  },
});
if (options.profile) await profile();
else if (options.half) await half();
else await measure();

async function measure(): Promise<void> {
  ensureNativeEnvironment();
  const { cases, runCase } = await import('./trainer/cases.ts');
  const chosen = cases.filter(({ name }) => name.includes(options.only));
  for (const each of chosen) {
    if (options.list) {
      console.log(each.name);
      continue;
    }
    process.stderr.write(`${each.name} (load ${loadavg()[0]!.toFixed(1)})\n`);
    for (const line of await runCase(each, Number(options.rounds))) {
      console.log(JSON.stringify({ bench: 'trainer', case: each.name, ...line }));
    }
  }
}

async function half(): Promise<void> {
  ensureNativeEnvironment();
  const { measureHalf } = await import('./trainer/half.ts');
  for (const product of measureHalf(Number(options.rounds))) {
    console.log(JSON.stringify({ bench: 'trainer', ...product }));
  }
}

/** A process that was not started to be profiled starts one that is: TensorFlow reads its settings when it is loaded. */
async function profile(): Promise<void> {
  if (process.env.STEP_TRACE === undefined) {
    const { buildTracer, profiledEnvironment } = await import('./trainer/tracer.ts');
    const environment = {
      ...process.env,
      ...nativeEnvironment(),
      ...profiledEnvironment,
      STEP_TRACE: '',
      LD_PRELOAD: buildTracer(),
    };
    process.execve!(
      process.execPath,
      [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
      environment,
    );
  }
  const { cases } = await import('./trainer/cases.ts');
  const { measurePeak, profileStep, profileTable } = await import('./trainer/profile.ts');
  const rounds = Number(options.rounds);
  const profiles = [];
  for (const each of cases) {
    if (each.kind !== 'step' || each.setup.design !== 'lines' || !each.name.includes(options.only))
      continue;
    process.stderr.write(`${each.name} (load ${loadavg()[0]!.toFixed(1)})\n`);
    const found = { setup: each.setup, profile: profileStep(each.setup, 4 * rounds) };
    console.log(JSON.stringify({ bench: 'trainer', case: each.name, ...found.profile }));
    profiles.push(found);
  }
  for (const line of profileTable(profiles, measurePeak(4 * rounds))) console.log(line);
}
