import { bench } from './bench.ts';
import type { Command } from './command.ts';
import { cost } from './cost.ts';
import { demo } from './demo.ts';
import { environment } from './environment.ts';
import { experiment } from './experiment.ts';
import { rollback } from './rollback.ts';
import { run } from './run.ts';
import { train } from './train.ts';

export const commands: readonly Command[] = [
  demo,
  run,
  train,
  experiment,
  environment,
  cost,
  rollback,
  bench,
];
