import { count, type Insight, number, when } from './insight.ts';
import type { MergedTally } from './merge.ts';
import type { UploadPlan } from './upload-plan.ts';

/** Remarks on how a file was read. */
export function fileInsights(plan: UploadPlan, merged: MergedTally): Insight[] {
  const { kind, framing, columns } = plan;
  const { read, omitted, notes, repeatedHeaders, kept, quarantined } = merged;
  const nameless = columns?.filter((name) => name === '').length ?? 0;
  const placeholders = notes['placeholder-field'] ?? 0;
  return [
    ...when(
      read === 0 && omitted === 0,
      'no-rows',
      'The file has no rows.',
      'Nothing to do if the job had nothing to write; otherwise check the export.',
    ),
    ...when(
      omitted > 0,
      'left-out-rows',
      `${count(omitted, 'row is', 'rows are')} left out, as ${kind === 'logs' ? 'interactions' : 'interactions.items'}.leaveOut says.`,
      'Nothing to do, if that many are meant.',
    ),
    ...when(
      framing === 'objects',
      'not-json-lines',
      'The file is a series of JSON objects and not one object per line, so "line" is the number of the object.',
      'Nothing to do. One object per line is read a little faster, and one broken line would not fail the file.',
    ),
    ...when(
      nameless > 0,
      'nameless-columns',
      `${count(nameless, 'column has', 'columns have')} no name in the header line and ${nameless === 1 ? 'is' : 'are'} left out.`,
      'Leave such columns out of the export (in pandas, to_csv(..., index=False)), or name them.',
    ),
    ...when(
      repeatedHeaders > 0,
      'repeated-header',
      `The header line comes ${count(repeatedHeaders, 'more time')} in the file and is passed over there.`,
      'Nothing to do, if files with the same columns were put together.',
    ),
    ...when(
      placeholders > 0,
      'placeholder-fields',
      `${count(placeholders, 'optional field')} of the rows taken ${placeholders === 1 ? 'is a word for "nothing" and counts' : 'are words for "nothing" and count'} as absent: NULL, nan, None, \\N and the like.`,
      'Nothing to do, unless such a word means something here.',
    ),
    ...when(
      kept < quarantined,
      'quarantine-cut',
      `Of ${count(quarantined, 'quarantined row')}, ${number(kept)} are kept, the first ones of every range; the counts are of all.`,
      'The kept ones show what is wrong. interactions.maximumQuarantineBytes keeps more.',
    ),
  ];
}
