import type { SequencesExcluded, SequencesManifest } from '#lib/sequences/manifest.ts';
import { type Bar, barChart } from '../charts/bar-chart.ts';
import { dataTable } from '../data-table.ts';
import { percent, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

/** Rows of all uploads that a run could see: `read = good + quarantined + duplicate`. */
export interface UploadTotals {
  readonly uploads: number;
  readonly read: number;
  readonly good: number;
  readonly quarantined: number;
  readonly duplicate: number;
  /** Quarantined rows by reason code. */
  readonly reasons: readonly { readonly reason: string; readonly rows: number }[];
  /** What else their reports say, the newest first, each once. */
  readonly remarks: readonly UploadRemark[];
}

/** Something about an upload that somebody should know, though its rows were taken. */
export interface UploadRemark {
  /** Key of the uploaded object. */
  readonly file: string;
  readonly message: string;
  readonly advice: string;
}

/** Remarks that are shown. */
const remarksShown = 12;

/** Where every uploaded row went. */
export function dataSection(
  uploads: UploadTotals | undefined,
  excluded: SequencesExcluded,
  sequences: SequencesManifest,
): Html {
  const bar = (name: string, value: number, isMuted = true): Bar => ({
    name,
    value,
    label: whole(value),
    isMuted,
  });
  const uploaded =
    uploads === undefined
      ? []
      : [
          bar('rows uploaded', uploads.read, false),
          bar('quarantined', uploads.quarantined),
          bar('duplicate in an upload', uploads.duplicate),
        ];
  const all: Bar[] = [
    ...uploaded,
    bar('ingested interactions', excluded.read, false),
    bar('not an action (reward 0)', excluded.notActions),
    bar('taken back later', excluded.takenBack),
    bar('unknown to the catalogue', excluded.unknownItems),
    bar('duplicate across uploads', excluded.duplicates),
    bar('older than what is learned from', excluded.tooOld),
    bar('too few actions (k-core)', excluded.belowMinimum),
    bar('actions used', sequences.interactions, false),
  ];
  // What left nothing out says nothing.
  const bars = all.filter((one) => !one.isMuted || one.value > 0);
  const tied = excluded.tiedTestCases / Math.max(1, sequences.testCases);
  return html`${barChart('Where the rows went', bars)}
${dataTable(
  'Sequences',
  [{ title: 'what' }, { title: 'number', isNumber: true }],
  [
    ['users', whole(sequences.users)],
    ['items', whole(sequences.items)],
    ['users below the minimum', whole(excluded.usersBelowMinimum)],
    ['items below the minimum', whole(excluded.itemsBelowMinimum)],
    ['training sequences', whole(sequences.trainSequences)],
    ['training transitions', whole(sequences.trainTransitions)],
    ['validation cases', whole(sequences.validationCases)],
    ['test cases', whole(sequences.testCases)],
    ...(sequences.leftOutCases > 0
      ? [['held-out cases of users who are not judged', whole(sequences.leftOutCases)]]
      : []),
  ],
)}
${
  tied > 0.01 &&
  html`<p>In ${whole(excluded.tiedTestCases)} test cases the target has the same timestamp as the action before it; their order is the tie policy's (<code>sequences.ties</code>).</p>`
}
${
  uploads !== undefined &&
  uploads.reasons.length > 0 &&
  dataTable(
    'Why rows are in quarantine',
    [{ title: 'reason' }, { title: 'rows', isNumber: true }],
    uploads.reasons.map(({ reason, rows }) => [reason, whole(rows)]),
  )
}
${uploads !== undefined && remarksTable(uploads.remarks)}
<p>${sequences.excludeHistory ? 'Lists leave out' : 'Lists may contain'} what the user took before: ${percent(sequences.repeatShare)} of the training transitions return to an earlier item (<code>sequences.excludeHistory</code>).</p>
<p>Split: <code>${sequences.split}</code>, window ${sequences.window}, data hash <code>${sequences.dataHash.slice(0, 16)}</code>.</p>`;
}

function remarksTable(remarks: readonly UploadRemark[]): Html | undefined {
  if (remarks.length === 0) return undefined;
  const more = remarks.length - remarksShown;
  return html`${dataTable(
    'Remarks on uploads, the newest first',
    [
      { title: 'file', isLong: true },
      { title: 'remark', isLong: true },
    ],
    remarks
      .slice(0, remarksShown)
      .map(({ file, message, advice }) => [file, html`${message}<br><small>${advice}</small>`]),
  )}${more > 0 && html`<p>And ${whole(more)} more, in the uploads’ own reports.</p>`}`;
}
