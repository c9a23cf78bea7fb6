import * as z from 'zod';
import { longestId } from '../limits.ts';
import { fileLayout, itemsLayout, leaveOut, logColumns } from './columns.ts';

const MEBIBYTE = 1024 * 1024;

/** Seconds that `plan-upload` may take. It looks through the whole of a file that can be cut, in one stream. */
export const planUploadSeconds = 180;

/**
 * The largest file that `plan-upload` looks through in its time: S3 gives 85 to 90 MB/s to one request
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html), and half of that is reckoned with.
 */
export const largestPlannedBytes = (planUploadSeconds * 85e6) / 2;

/** What the value of an event type means. */
const valueRule = z.discriminatedUnion('as', [
  /** A rating: below `likedFrom` it is no like and has reward 0. */
  z.strictObject({ as: z.literal('rating'), likedFrom: z.number() }),
  /** A quantity or price: `log(1 + value) / log(1 + full)` of the event type's reward, at most all of it. */
  z.strictObject({ as: z.literal('amount'), full: z.number().positive() }),
]);

/** What teams upload and how forgiving ingestion is. */
export const interactionsConfig = z.strictObject({
  /** How the text of logs is cut into columns. */
  file: fileLayout.prefault({}),
  /** Which columns of logs are what, by our names. */
  columns: logColumns.prefault({}),
  leaveOut,
  /** The same for files of the catalogue. */
  items: itemsLayout.prefault({}),
  /** Largest share of quarantined rows (0-1) with which an upload still counts as successful. */
  maximumBadShare: z.number().min(0).max(1).default(0.05),
  /** So many quarantined rows never fail an upload that has more good ones: a share of few rows says little. */
  toleratedBadRows: z.int().min(0).default(5),
  /**
   * Largest share (0-1) of the items shown now that an upload of the catalogue may rename or remove; with a larger one it waits
   * until somebody approves it (`lea approve`). 1 lets everything pass.
   */
  maximumCatalogueChange: z.number().min(0).max(1).default(0.5),
  /** Bytes of an uncompressed file that one Lambda parses; a gzipped file is one range. */
  rangeBytes: z
    .int()
    .min(4096)
    .default(16 * MEBIBYTE),
  /** Largest uploaded file, in bytes: what one Lambda can look through for line ends in its time. */
  maximumUploadBytes: z
    .int()
    .min(1)
    .default(5 * 1024 * MEBIBYTE),
  /** Largest file that cannot be cut (gzip, Zstandard, Parquet, UTF-16), in bytes as uploaded: what one Lambda can parse in its time. */
  maximumCompressedBytes: z
    .int()
    .min(1)
    .default(64 * MEBIBYTE),
  /** Largest content of a compressed or Parquet file, in bytes. */
  maximumUnpackedBytes: z
    .int()
    .min(1)
    .default(2 * 1024 * MEBIBYTE),
  /** Bytes, uncompressed, of the columns that are read of one row group of a Parquet file: so much is in memory at once. */
  maximumRowGroupBytes: z
    .int()
    .min(1)
    .default(64 * MEBIBYTE),
  /** How many times as large as its compressed bytes a content beyond 4 MiB may be. Text is rarely beyond 30. */
  maximumExpansion: z.number().min(2).default(200),
  /** Quarantined rows kept of a range, in bytes; the others are only counted. */
  maximumQuarantineBytes: z
    .int()
    .min(0)
    .default(4 * MEBIBYTE),
  /** Longest line (a CSV record may span several), in bytes; longer ones are quarantined. */
  maximumLineBytes: z
    .int()
    .min(1024)
    .max(16 * MEBIBYTE)
    .default(MEBIBYTE),
  /** Longest `user_id` or `item_id`, in characters. */
  maximumIdLength: z.int().min(1).max(longestId).default(256),
  /**
   * Base reward (0-1) of each event type, in the manner of click 0.2 / purchase 1.0. A type with reward 0 is
   * ingested but is not an action. A type that is not listed has `defaultReward`.
   */
  eventRewards: z.record(z.string().min(1), z.number().min(0).max(1)).default({}),
  /** Base reward of an interaction without an event type, or with one that is not listed. */
  defaultReward: z.number().min(0).max(1).default(1),
  reward: z
    .strictObject({
      /** What `value` means, by event type; `*` stands for all others, and for none. */
      values: z.record(z.string().min(1), valueRule).default({}),
      /**
       * Event types that take another one back: the user's latest earlier event of that type with the item does not
       * count, nor does the one that takes it back.
       */
      takesBack: z
        .record(z.string().min(1), z.string().min(1))
        .default({ cancellation: 'purchase' }),
    })
    .prefault({}),
});

export type InteractionsConfig = z.infer<typeof interactionsConfig>;
