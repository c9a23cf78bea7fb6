import { join } from 'node:path';
import * as z from 'zod';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import type { ExperimentOptions } from './options.ts';

const dataSet = z.looseObject({
  /** Names its results and their folder. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes, at most 32'),
  splits: z.array(sequencesConfig.shape.split.unwrap()).min(1).optional(),
});

const several = z.looseObject({
  /** Data sets: what one of them says of any option counts more than what is said for all. */
  data: z
    .array(dataSet)
    .min(1)
    .refine((sets) => new Set(sets.map(({ name }) => name)).size === sets.length, 'each name once')
    .optional(),
  /** Every data set is split in each of these ways. */
  splits: z.array(sequencesConfig.shape.split.unwrap()).min(1).optional(),
  out: z.string().min(1),
});

/** One data set with one split: an experiment by itself. */
export interface Panel {
  /** `movietweetings, global-time`; empty where there is only one. */
  readonly name: string;
  /** Below the experiment's folder; empty where there is only one. */
  readonly folder: string;
  readonly options: ExperimentOptions;
}

/**
 * The experiments of a file: every data set with every split, or the one that it is.
 *
 * @param asked the options, with `data` and `splits` or without
 * @throws ConfigError for data sets without a name, or a name that is there twice
 */
export function panelsOf(asked: object): Panel[] {
  const parsed = several.safeParse(asked);
  if (!parsed.success) {
    throw new ConfigError(`The experiment is not valid:\n${explain(parsed.error)}`);
  }
  const { data, splits, out, ...shared } = parsed.data;
  if (data === undefined && splits === undefined) {
    return [{ name: '', folder: '', options: asked as ExperimentOptions }];
  }
  const sets = data ?? [{ name: '' }];
  return sets.flatMap(({ name, splits: own, ...options }) => {
    const wanted: readonly (string | undefined)[] = own ?? splits ?? [undefined];
    return wanted.map((split): Panel => {
      const folder = [name, split].filter(Boolean).join('-');
      return {
        name: [name, split].filter(Boolean).join(', '),
        folder,
        options: {
          ...shared,
          ...options,
          ...(split !== undefined && { split }),
          out: join(out, folder),
        } as unknown as ExperimentOptions,
      };
    });
  });
}
