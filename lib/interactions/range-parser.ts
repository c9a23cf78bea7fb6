import type { Rejection } from './reasons.ts';
import { createRowReader } from './row-reader.ts';
import type { Interaction, Item } from './rows.ts';
import { createSortedRows } from './sorted-rows.ts';
import type { UploadPlan } from './upload-plan.ts';

/** What can be written. */
export interface Parsed {
  /** Bytes of `interactions/`, as `sorted-rows.ts` has them; of `items/`, JSON lines. */
  readonly rows: Uint8Array;
  /** JSON lines, each with its line break. */
  readonly quarantine: string;
}

/** One line of `quarantine/`. */
export interface QuarantinedRow extends Rejection {
  readonly file: string;
  readonly line: number;
  /** The row as it was, as far as it is text; the beginning, if it is very long. */
  readonly row: string;
}

/**
 * Reads one range of an upload while its bytes (uncompressed) stream by, into the bytes of `interactions/` or `items/`
 * and the lines of `quarantine/`. Of quarantine, only the first lines are kept, `maximumQuarantineBytes` of them.
 *
 * @param knownItems the items of `plan.catalogue`; undefined when that is empty
 */
export function createRangeParser(
  plan: UploadPlan,
  range: number,
  knownItems: ReadonlySet<string> | undefined,
) {
  const rows = plan.kind === 'logs' ? createSortedRows() : createItemLines();
  let quarantine: string[] = [];
  let room = plan.settings.maximumQuarantineBytes;

  const reader = createRowReader(plan, range, knownItems, {
    good(row) {
      rows.add(row as Interaction & Item);
    },
    bad({ reason, detail }, line, row) {
      if (room <= 0) return false;
      const entry: QuarantinedRow = { file: plan.key, line, reason, detail, row };
      const text = `${JSON.stringify(entry)}\n`;
      room -= Buffer.byteLength(text);
      // The first one that does not fit ends it, so that what is kept is the beginning.
      if (room < 0) return false;
      quarantine.push(text);
      return true;
    },
  });

  function take(): Parsed {
    const text = asLines(quarantine);
    quarantine = [];
    return { rows: rows.take(), quarantine: text };
  }

  return {
    /** Takes the next bytes. @returns what can be written */
    push(chunk: Uint8Array): Parsed {
      reader.push(chunk);
      return take();
    },
    /** Takes the end of the range. @returns what is left to write */
    end(): Parsed {
      reader.end();
      rows.end();
      return take();
    },
    tally: reader.tally,
  };
}

/** Collects items as lines of `items/`. */
function createItemLines() {
  let lines: string[] = [];
  return {
    add(item: Item): void {
      lines.push(JSON.stringify(item), '\n');
    },
    take(): Uint8Array {
      const ready = Buffer.from(asLines(lines));
      lines = [];
      return ready;
    },
    end(): void {},
  };
}

/** Joins JSON texts; the two line separators that JSON allows inside texts are escaped, as some readers break at them. */
function asLines(parts: readonly string[]): string {
  return parts.join('').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
