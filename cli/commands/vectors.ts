import { join, resolve } from 'node:path';
import { environmentConfig } from '#lib/contracts/config/environment.ts';
import { root } from '../../setup/paths.mjs';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const vectors: Command = {
  usage: `Usage: npx lea vectors --items FILE --out FILE [--layers N] [--dimension N] [--precision float32|bfloat16]
                   [--encoder language-model|random-weights|tfidf] [--random SEED] [--permute SEED]
                   [--base-model DIR] [--store DIR]

Gives every item of a catalogue a vector from its text, without a fit, and writes them as item-vectors.arrow
(docs/contracts.md, "Item vectors"), which "lea experiment --vectors" reads.

  --items FILE      the catalogue as teams upload it: JSON lines or CSV, either also gzipped
  --layers N        layers of the base model that are read, from the input (default: all)
  --encoder         what reads the text; random-weights and tfidf are controls. --random SEED is random-weights of that seed
  --permute SEED    hands every item another item's vector: a control
  --base-model DIR  a Hugging Face folder (default .cache/base-models/smollm2-135m-instruct)
  --store DIR       where vectors of sentences are kept, so that only new ones are computed (default .cache/item-vectors)`,
  needs: ['Python'],
  prepare(args) {
    const given = readOptions(args, {
      items: { type: 'string' },
      out: { type: 'string' },
      layers: { type: 'string' },
      dimension: { type: 'string' },
      precision: { type: 'string' },
      encoder: { type: 'string' },
      random: { type: 'string' },
      permute: { type: 'string' },
      'base-model': { type: 'string' },
      store: { type: 'string' },
    });
    const { items, out, encoder, precision, layers, dimension, permute, random } = given;
    if (items === undefined || out === undefined)
      throw new UsageError('Expected --items and --out.');
    const settings = environmentConfig.safeParse({
      ...(random !== undefined && { seed: Number(random) }),
      itemVectors: {
        encoder: random === undefined ? encoder : 'random-weights',
        precision,
        ...(layers !== undefined && { layers: Number(layers) }),
        ...(dimension !== undefined && { dimension: Number(dimension) }),
        ...(permute !== undefined && { permute: Number(permute) }),
      },
    });
    if (!settings.success) {
      const { path, message } = settings.error.issues[0]!;
      throw new UsageError(
        `--${path.at(-1) === 'seed' ? 'random' : String(path.at(-1))}: ${message}.`,
      );
    }
    return async () => {
      const { makeItemVectors } = await import('../experiments/item-vectors.ts');
      await makeItemVectors({
        items: resolve(items),
        out: resolve(out),
        config: settings.data,
        baseModel: resolve(
          given['base-model'] ?? join(root, '.cache/base-models', settings.data.baseModel),
        ),
        store: resolve(given.store ?? join(root, '.cache/item-vectors')),
      });
      return 0;
    };
  },
};
