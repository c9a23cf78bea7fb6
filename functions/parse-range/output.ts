import { once } from 'node:events';
import { PassThrough, type Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Objects } from '#platform/objects.ts';

/** Bytes go on in pieces of this size, so that the compressed bytes do not depend on how it arrived. */
const PIECE_BYTES = 256 * 1024;
const GZIP_LEVEL = 4;

/**
 * Writes an object as its bytes come, with bounded memory, gzipped where its key says so. Without any bytes there will be
 * no object; the same content gives the same bytes. An object that is there already stays: an earlier call wrote it, of
 * the same content.
 */
export function createOutput(objects: Objects, key: string) {
  let stream: Transform | undefined;
  let stored: Promise<unknown> | undefined;
  let pending: Buffer[] = [];
  let pendingBytes = 0;

  function open(): Transform {
    const opened = key.endsWith('.gz') ? createGzip({ level: GZIP_LEVEL }) : new PassThrough();
    stream = opened;
    stored = objects.putStreamIfAbsent(key, opened);
    // Whoever waits for room must learn that nobody reads any more; `stored` has the error.
    stored.catch((error: Error) => opened.destroy(error));
    opened.on('error', () => {});
    return opened;
  }

  async function send(piece: Buffer): Promise<void> {
    const target = stream ?? open();
    if (!target.write(piece)) await Promise.race([once(target, 'drain'), stored]);
  }

  return {
    async write(content: Uint8Array | string): Promise<void> {
      if (content.length === 0) return;
      const bytes = Buffer.from(content as string);
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes < PIECE_BYTES) return;
      const all = Buffer.concat(pending, pendingBytes);
      const whole = all.length - (all.length % PIECE_BYTES);
      for (let start = 0; start < whole; start += PIECE_BYTES) {
        await send(all.subarray(start, start + PIECE_BYTES));
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
