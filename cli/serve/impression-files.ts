import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Impression, ImpressionLog } from '#lib/contracts/impression.ts';
import { impressions } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';

/** A file is written after so many answers, or so much time. */
const answersOfFile = 1000;
const milliseconds = 60_000;

export interface ImpressionFiles extends ImpressionLog {
  /** Writes what is not yet written, and ends. */
  close(): Promise<void>;
}

/**
 * Writes answers below `impressions/` without a stream between: whoever asks waits for nothing. What could not be written is
 * tried again with what comes next.
 *
 * @param onLost told when it could not be written
 */
export function createImpressionFiles(
  objects: Pick<Objects, 'putBytes'>,
  onLost: (error: unknown) => void,
): ImpressionFiles {
  let waiting: Impression[] = [];
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(flush, milliseconds);
  timer.unref();

  function flush(): Promise<void> {
    writing = writing.then(async () => {
      const taken = waiting;
      const left: Impression[] = [];
      waiting = [];
      for (const [day, answers] of Map.groupBy(taken, dayOf)) {
        const lines = answers.map((one) => `${JSON.stringify(one)}\n`);
        try {
          const key = impressions.file(day, randomUUID());
          await objects.putBytes(key, gzipSync(lines.join('')));
        } catch (error) {
          left.push(...answers);
          onLost(error);
        }
      }
      waiting = [...left, ...waiting];
    });
    return writing;
  }

  return {
    async add(impression) {
      waiting.push(impression);
      if (waiting.length >= answersOfFile) void flush();
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

/** The day (UTC) on which something was answered. */
const dayOf = ({ time }: Impression) => new Date(time * 1000).toISOString().slice(0, 10);
