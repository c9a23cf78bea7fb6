import type { Command } from './command.ts';
import { runProgram } from './program.ts';

export const train: Command = {
  name: 'train',
  summary: 'train one recommender by hand, with progress and time left',
  usage: `Usage: npx lea train --interactions FILE --out DIR [--format interactions|sequences]
       npx lea train --sequences DIR [--augmented DIR] --out DIR
                 [--config FILE] [--model NAME]

Trains one model of the configuration and writes it to DIR as a training job would: weights, vocabulary, learning
curve, ranks, manifest. Interrupted, it goes on from DIR/checkpoints.

  --interactions FILE  JSON lines as teams upload them, or with --format sequences one user a line,
                       "user item item ..." in time order; a name that ends in .gz is gzipped
  --sequences DIR      what a run has below runs/RUN/sequences/
  --augmented DIR      its augmented shards, for a model that uses the environment
  --config FILE        pipeline configuration; what it does not mention is as in config/one-machine.json
  --model NAME         one of its training.models (default: the first)`,
  run: (args) => runProgram('cli/training/main.ts', args),
};
