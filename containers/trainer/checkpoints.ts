import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import { ContractError } from '#lib/contracts/errors.ts';
import {
  type CheckpointFile,
  type CheckpointState,
  decodeCheckpoint,
  encodeCheckpoint,
} from '#lib/recommender/checkpoint.ts';

/** Checkpoints that are kept. */
const kept = 2;
const pattern = /^step-(\d{10})\.checkpoint$/;

/**
 * Writes a checkpoint under another name and renames it, so that a file of the final name is complete; then removes
 * all but the last ones.
 */
export function saveCheckpoint(folder: string, state: CheckpointState, fingerprint: string): void {
  mkdirSync(folder, { recursive: true });
  const name = `step-${String(state.step).padStart(10, '0')}.checkpoint`;
  const unfinished = join(folder, `${name}.tmp`);
  writeChunks(unfinished, encodeCheckpoint(state, fingerprint));
  renameSync(unfinished, join(folder, name));
  for (const old of list(folder).slice(0, -kept)) rmSync(join(folder, old));
}

/** The newest checkpoint that is whole and belongs to this model and these data; undefined for none. */
export function loadCheckpoint(
  folder: string,
  fingerprint: string,
  onDamaged: (file: string, error: Error) => void,
): CheckpointState | undefined {
  for (const name of list(folder).reverse()) {
    try {
      const state = decodeCheckpoint(openCheckpoint(join(folder, name)), fingerprint);
      if (state !== undefined) return state;
    } catch (error) {
      onDamaged(name, error as Error);
    }
  }
  return undefined;
}

/** Parts of the file as they are asked for; a large checkpoint does not fit into one buffer. */
export function openCheckpoint(path: string): CheckpointFile {
  return {
    size: statSync(path).size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      const file = openSync(path, 'r');
      try {
        let done = 0;
        while (done < length) {
          const count = readSync(file, bytes, done, length - done, offset + done);
          if (count === 0)
            throw new ContractError(`The checkpoint ends at ${offset + done} bytes.`);
          done += count;
        }
      } finally {
        closeSync(file);
      }
      return bytes;
    },
  };
}

/** Writes a file part by part, and to the disk. */
export function writeChunks(path: string, chunks: Iterable<Uint8Array>): void {
  const file = openSync(path, 'w');
  try {
    for (const chunk of chunks) writeAll(file, chunk);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A `writev` may write less than asked for. */
function writeAll(file: number, chunk: Uint8Array): void {
  let rest = chunk;
  while (rest.length > 0) rest = rest.subarray(writevSync(file, [rest]));
}

/** File names, the oldest first. */
function list(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort();
}
