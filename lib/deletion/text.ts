import { Readable } from 'node:stream';
import { ValidationError } from '#lib/contracts/errors.ts';
import { compressionOf } from '#lib/interactions/compression.ts';
import { uncompressed } from '#lib/interactions/packing.ts';

/** An object's bytes as text, unpacked if they are packed as a whole. */
export interface ObjectText {
  readonly text: string;
  /** Of packed bytes that are damaged, `text` is what comes before the damage. */
  readonly isDamaged: boolean;
}

export async function textOf(bytes: Uint8Array, key: string): Promise<ObjectText> {
  const compression = compressionOf(bytes);
  if (compression === null) return { text: Buffer.from(bytes).toString(), isDamaged: false };
  const chunks: Uint8Array[] = [];
  let isDamaged = false;
  try {
    for await (const chunk of uncompressed(Readable.from([bytes]), compression, key)) {
      chunks.push(chunk);
    }
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    isDamaged = true;
  }
  return { text: Buffer.concat(chunks).toString(), isDamaged };
}
