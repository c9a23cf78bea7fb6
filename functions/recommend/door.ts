import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { servingConfig } from '#lib/contracts/config/serving.ts';
import { createDoor } from '#lib/serving/door/door.ts';
import { wasmFolder } from '#lib/serving/wasm-folder.ts';
import { impressionStream } from './impressions.ts';

/** What is absent has its default. */
const environment = readEnvironment({
  /** How long the champion and the counts are believed without looking again. */
  CHAMPION_SECONDS: z.coerce.number().min(0).default(60),
  /** The Firehose stream that answers go to. */
  IMPRESSION_STREAM: z.string().min(1).optional(),
  /** `operations.serving.variants` as JSON. */
  VARIANTS: z
    .string()
    .default('null')
    .transform((text) => JSON.parse(text))
    .pipe(servingConfig.shape.variants),
});

/** What has kept the champion from being followed, and answers from being kept, since the last request. */
export const troubles = { stale: [] as unknown[], lost: [] as unknown[] };

const stream = environment.IMPRESSION_STREAM;

/** What answers in this instance. */
export const door = createDoor(dataBucket(), {
  milliseconds: environment.CHAMPION_SECONDS * 1000,
  onStale: (error) => troubles.stale.push(error),
  wasmFolder: wasmFolder(),
  variants: environment.VARIANTS,
  impressions: stream === undefined ? undefined : impressionStream(stream),
  onLost: (error) => troubles.lost.push(error),
});
