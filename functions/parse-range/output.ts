import { once } from 'node:events';
import { createGzip, type Gzip } from 'node:zlib';
import type { Objects } from '#platform/objects.ts';

/** Text goes on in blocks of this size, so that the compressed bytes do not depend on how it arrived. */
const BLOCK_BYTES = 256 * 1024;
const GZIP_LEVEL = 4;

/**
 * Writes a gzipped object as its text comes, with bounded memory. Without any text there will be no object; the same text
 * gives the same bytes. An object that is there already stays: an earlier call wrote it, of the same text.
 */
export function createOutput(objects: Objects, key: string) {
  let stream: Gzip | undefined;
  let stored: Promise<unknown> | undefined;
  let pending: Buffer[] = [];
  let pendingBytes = 0;

  function open(): Gzip {
    const opened = createGzip({ level: GZIP_LEVEL });
    stream = opened;
    stored = objects.putStreamIfAbsent(key, opened);
    // Whoever waits for room must learn that nobody reads any more; `stored` has the error.
    stored.catch((error: Error) => opened.destroy(error));
    opened.on('error', () => {});
    return opened;
  }

  async function send(block: Buffer): Promise<void> {
    const target = stream ?? open();
    if (!target.write(block)) await Promise.race([once(target, 'drain'), stored]);
  }

  return {
    async write(text: string): Promise<void> {
      if (text === '') return;
      const bytes = Buffer.from(text);
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes < BLOCK_BYTES) return;
      const all = Buffer.concat(pending, pendingBytes);
      const whole = all.length - (all.length % BLOCK_BYTES);
      for (let start = 0; start < whole; start += BLOCK_BYTES) {
        await send(all.subarray(start, start + BLOCK_BYTES));
      }
      pending = [all.subarray(whole)];
      pendingBytes = all.length - whole;
    },

    /** Ends the object and waits until it is stored. */
    async end(): Promise<void> {
      if (pendingBytes > 0) await send(Buffer.concat(pending, pendingBytes));
      stream?.end();
      await stored;
    },

    /** Gives the object up: nothing is stored. */
    async discard(): Promise<void> {
      stream?.destroy(new Error('given up'));
      await stored?.catch(() => undefined);
    },
  };
}
