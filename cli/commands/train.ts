import { ensureNativeEnvironment } from '../../containers/trainer/native-process.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const train: Command = {
  usage: `Usage: npx lea train --interactions FILE --out DIR [--format interactions|sequences]
       npx lea train --sequences DIR [--augmented DIR] --out DIR
                 [--vectors FILE] [--config FILE] [--model NAME]

Trains one model of the configuration and writes it to DIR as a training job would: weights, vocabulary, learning
curve, ranks, manifest. Interrupted, it goes on from DIR/checkpoints.

  --interactions FILE  JSON lines or CSV as teams upload them, read by the rules of ingestion and the section
                       "interactions" of the configuration; or with --format sequences one user a line,
                       "user item item ..." in time order, of which the last item is held out instead of the
                       last days. Gzipped or not
  --sequences DIR      what a run has below runs/RUN/sequences/
  --augmented DIR      its augmented shards, for a model that uses the environment
  --vectors FILE       item-vectors.arrow, for a model with "text" ("lea vectors" makes it)
  --config FILE        pipeline configuration; what it does not mention is as in config/one-machine.json
  --model NAME         one of its training.models (default: the first)`,
  needs: ['TensorFlow'],
  prepare(args) {
    const { out, ...options } = readOptions(args, {
      interactions: { type: 'string' },
      format: { type: 'string', default: 'interactions' },
      sequences: { type: 'string' },
      augmented: { type: 'string' },
      vectors: { type: 'string' },
      config: { type: 'string' },
      model: { type: 'string' },
      out: { type: 'string' },
    });
    if (
      out === undefined ||
      (options.interactions === undefined) === (options.sequences === undefined)
    ) {
      throw new UsageError('--out and either --interactions or --sequences are needed.');
    }
    return async () => {
      ensureNativeEnvironment();
      const { trainFromFiles } = await import('../training/train-from-files.ts');
      await trainFromFiles({ ...options, out });
      return 0;
    };
  },
};
