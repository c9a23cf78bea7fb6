import type { Rejection } from './reasons.ts';
import { createRowReader } from './row-reader.ts';
import type { UploadPlan } from './upload-plan.ts';

/** Lines to write: JSON lines, each with its line break. */
export interface ParsedText {
  readonly rows: string;
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
 * Reads one range of an upload while its bytes (uncompressed) stream by, into the lines of `interactions/` or `items/`
 * and of `quarantine/`. Of quarantine, only the first lines are kept, `maximumQuarantineBytes` of them.
 *
 * @param knownItems the items of `plan.catalogue`; undefined when that is empty
 */
export function createRangeParser(
  plan: UploadPlan,
  range: number,
  knownItems: ReadonlySet<string> | undefined,
) {
  let rows: string[] = [];
  let quarantine: string[] = [];
  let room = plan.settings.maximumQuarantineBytes;

  const reader = createRowReader(plan, range, knownItems, {
    good(row) {
      rows.push(JSON.stringify(row), '\n');
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

  function take(): ParsedText {
    const text = { rows: asLines(rows), quarantine: asLines(quarantine) };
    rows = [];
    quarantine = [];
    return text;
  }

  return {
    /** Takes the next bytes. @returns what can be written */
    push(chunk: Uint8Array): ParsedText {
      reader.push(chunk);
      return take();
    },
    /** Takes the end of the range. @returns what is left to write */
    end(): ParsedText {
      reader.end();
      return take();
    },
    tally: reader.tally,
  };
}

/** Joins JSON texts; the two line separators that JSON allows inside texts are escaped, as some readers break at them. */
function asLines(parts: readonly string[]): string {
  return parts.join('').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
