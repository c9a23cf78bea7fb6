import type { Command } from './command.ts';
import { runProgram } from './program.ts';

export const experiment: Command = {
  name: 'experiment',
  summary: 'compare recommenders over models and seeds on any file of sequences',
  usage: `Usage: npx lea experiment --interactions FILE --models BACKBONE:OBJECTIVE,... --out DIR
                   [--format sequences|interactions] [--split leave-one-out|by-user|global-time] [--seeds N]
                   [--window N] [--exclude-history true|false|auto] [--minimum-user N] [--minimum-item N]
                   [--set SETTING=VALUE ...]

Trains and scores (full ranking, early stopping on the validation cases) every model with every seed and writes
DIR/results.json. Interrupted, it goes on where it stopped.

  --format sequences   one user a line, "user item item ..." in time order (default);
           interactions  JSON lines as teams upload them
  --models             for example sasrec:supervised,gru4rec:snqn,sasrec:supervised:dropout=0.5
  --set                a setting of all models (config section training), for example --set dimension=128`,
  run: (args) => runProgram('cli/experiments/main.ts', args),
};
