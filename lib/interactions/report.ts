import * as z from 'zod';
import { uploads } from '#lib/contracts/keys.ts';
import { fileInsights } from './file-insights.ts';
import { idInsights } from './id-insights.ts';
import { type Insight, insight, number, percent } from './insight.ts';
import { interactionInsights, itemInsights } from './insights.ts';
import { type MergedTally, mergeTallies } from './merge.ts';
import { type Reason, reasons } from './reasons.ts';
import { reasonTally, tally } from './tally.ts';
import type { UploadPlan } from './upload-plan.ts';

/** What `parse-range` says of one range. */
export const rangeReport = z.strictObject({
  upload: z.string(),
  range: z.int().min(0),
  tally,
  /** Items of the catalogue that the rows were checked against; null without one. */
  knownItems: z.int().min(0).nullable(),
  /** Why the range could not be read to its end; null when it could. */
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
});

export type RangeReport = z.infer<typeof rangeReport>;

const count = z.int().min(0);

/** What a team reads of its upload: `uploads/<upload>/report.json`. */
export const uploadReport = z.strictObject({
  schemaVersion: z.literal(1),
  upload: z.string(),
  /** Key of the uploaded object. */
  file: z.string(),
  kind: z.enum(['logs', 'catalog']),
  /** `waiting`: it takes effect once somebody has approved it. */
  status: z.enum(['succeeded', 'failed', 'ignored', 'waiting']),
  /** What became of the upload, in a sentence. */
  message: z.string(),
  arrivedAt: z.iso.datetime(),
  bytes: count,
  ranges: count,
  /** Rows read = good + quarantined + duplicate. Of a failed upload, nothing is used, not even the good rows. */
  read: count,
  good: count,
  quarantined: count,
  duplicate: count,
  /** Besides those, rows that the configuration leaves out. */
  omitted: count.default(0),
  /** Quarantined share of the rows read. */
  badShare: z.number().min(0).max(1),
  /** Why rows are in quarantine, the most frequent reason first. */
  reasons: z.array(
    reasonTally.extend({ reason: z.string(), meaning: z.string(), advice: z.string() }),
  ),
  /** Where the quarantined rows are; null when none are kept. */
  quarantine: z.string().nullable(),
  /** How many of them are kept there, the first ones of every range. */
  quarantineKept: count.default(0),
  /** About the good rows of a log. */
  interactions: z
    .strictObject({
      users: count,
      usersWithSeveral: count,
      items: count,
      /** False when the three numbers above are estimates (very many users or items). */
      exact: z.boolean(),
      firstAt: z.string().nullable(),
      lastAt: z.string().nullable(),
      eventTypes: z.record(z.string(), count),
      catalogueItems: count.nullable(),
    })
    .nullable(),
  /** About the good rows of a catalogue. */
  items: z
    .strictObject({ items: count, exact: z.boolean(), fields: z.record(z.string(), count) })
    .nullable(),
  insights: z.array(insight),
});

export type UploadReport = z.infer<typeof uploadReport>;

/** As much of a report, also of another release's, as tells whether the upload's rows count. */
export const uploadOutcome = z.looseObject({ status: uploadReport.shape.status });

/** What is known of an upload before it is read. */
export type UploadFacts = Pick<UploadPlan, 'upload' | 'key' | 'kind' | 'arrivedAt'> & {
  readonly bytes: number;
};

/**
 * The report of an upload of which nothing was read: `failed` because it cannot be, `ignored` because it is no data,
 * `succeeded` because it has no rows, as jobs write files that have nothing to say.
 */
export function unreadReport(
  facts: UploadFacts,
  status: UploadReport['status'],
  message: string,
): UploadReport {
  return {
    ...common(facts),
    status,
    message,
    ranges: 0,
    read: 0,
    good: 0,
    quarantined: 0,
    duplicate: 0,
    omitted: 0,
    badShare: 0,
    reasons: [],
    quarantine: null,
    quarantineKept: 0,
    interactions: null,
    items: null,
    insights: [],
  };
}

/** Nothing of the upload was read. */
export const isUnread = ({ ranges }: UploadReport): boolean => ranges === 0;

/**
 * The report of an upload whose ranges have all been parsed. Depends on the plan and the range reports alone.
 *
 * @param ranges one per range, in order
 */
export function reportUpload(plan: UploadPlan, ranges: readonly RangeReport[]): UploadReport {
  const merged = mergeTallies(
    plan.upload,
    ranges.map((range) => range.tally),
  );
  const badShare = merged.read === 0 ? 0 : merged.quarantined / merged.read;
  const problem = problemOf(plan, ranges, merged, badShare);
  const knownItems = ranges.find((range) => range.knownItems !== null)?.knownItems ?? undefined;
  return {
    ...common(plan),
    status: problem === undefined ? 'succeeded' : 'failed',
    message: problem ?? success(plan, merged),
    ranges: plan.ranges.length,
    read: merged.read,
    good: merged.good,
    quarantined: merged.quarantined,
    duplicate: merged.duplicate,
    omitted: merged.omitted,
    badShare,
    reasons: explainReasons(merged),
    quarantine: merged.kept > 0 ? uploads.quarantinePrefix(plan.upload) : null,
    quarantineKept: merged.kept,
    interactions: describeInteractions(merged, knownItems),
    items: merged.items
      ? {
          items: merged.items.items.distinct,
          exact: merged.items.items.exact,
          fields: merged.items.fields,
        }
      : null,
    insights: insightsOf(plan, merged, knownItems),
  };
}

const common = (facts: UploadFacts) =>
  ({
    schemaVersion: 1,
    upload: facts.upload,
    file: facts.key,
    kind: facts.kind,
    arrivedAt: facts.arrivedAt,
    bytes: facts.bytes,
  }) as const;

function problemOf(
  plan: UploadPlan,
  ranges: readonly RangeReport[],
  merged: MergedTally,
  badShare: number,
): string | undefined {
  const { maximumBadShare, toleratedBadRows } = plan.settings;
  const { read, good, quarantined } = merged;
  const failure = ranges.find((range) => range.failure !== null)?.failure;
  if (failure) {
    return `${plan.key} could not be read to its end: ${failure.message} Nothing of it is used.`;
  }
  const few = quarantined <= toleratedBadRows && quarantined < good;
  if (badShare > maximumBadShare && !few) {
    const [reason, { count }] = mostFrequent(merged)[0]!;
    return (
      `${number(quarantined)} of the ${number(read)} rows of ${plan.key} (${percent(badShare)}) are bad, more than the ` +
      `${percent(maximumBadShare)} that interactions.maximumBadShare allows; ${number(count)} of them ${count === 1 ? 'is' : 'are'} "${reason}". ` +
      `Nothing of the file is used. Correct it and upload it again.`
    );
  }
  if (read > 0 && good === 0) {
    return `${plan.key} has no good rows. Correct the file and upload it again.`;
  }
  if (merged.notes['absent-title'] === good) {
    return `No item of ${plan.key} has a title. Name the field that says what the item is "title", and upload the file again.`;
  }
  return undefined;
}

/** What became of an upload without rows. */
export const emptyMessage = (key: string): string =>
  `${key} has no rows, so there was nothing to take.`;

function success(plan: UploadPlan, merged: MergedTally): string {
  const { read, good, quarantined, duplicate, omitted, kept } = merged;
  if (read === 0 && omitted > 0) {
    return `All ${number(omitted)} rows of ${plan.key} are left out, as the configuration says.`;
  }
  if (read === 0) return emptyMessage(plan.key);
  const some =
    kept < quarantined ? ` (${number(kept)} of them kept, the first ones of every range)` : '';
  return (
    `${number(good)} of the ${number(read)} rows of ${plan.key} were taken; ` +
    `${number(quarantined)} ${quarantined === 1 ? 'is' : 'are'} in quarantine${some}, ${number(duplicate)} ${duplicate === 1 ? 'repeats' : 'repeat'} another row.`
  );
}

const mostFrequent = (merged: MergedTally) =>
  Object.entries(merged.reasons).toSorted(
    ([a, { count: m }], [b, { count: n }]) => n - m || (a < b ? -1 : 1),
  );

function explainReasons(merged: MergedTally): UploadReport['reasons'] {
  return mostFrequent(merged).map(([reason, found]) => ({
    reason,
    ...reasons[reason as Reason],
    ...found,
  }));
}

function describeInteractions(
  { interactions }: MergedTally,
  knownItems: number | undefined,
): UploadReport['interactions'] {
  if (!interactions) return null;
  const { users, items, firstTimestamp, lastTimestamp, eventTypes } = interactions;
  const at = (seconds: number | null) =>
    seconds === null ? null : new Date(seconds * 1000).toISOString();
  return {
    users: users.distinct,
    usersWithSeveral: users.repeated,
    items: items.distinct,
    exact: users.exact && items.exact,
    firstAt: at(firstTimestamp),
    lastAt: at(lastTimestamp),
    eventTypes,
    catalogueItems: knownItems ?? null,
  };
}

function insightsOf(
  plan: UploadPlan,
  merged: MergedTally,
  knownItems: number | undefined,
): Insight[] {
  const { good, interactions } = merged;
  return [
    ...fileInsights(plan, merged),
    ...idInsights(merged, knownItems !== undefined),
    ...(good > 0 && interactions
      ? interactionInsights(merged, interactions, knownItems, plan.settings)
      : []),
    ...(good > 0 && merged.items ? itemInsights(merged, merged.items) : []),
  ];
}

/** The message of a report that failed, with its reasons and remarks, for a person at a terminal. */
export function explainFailure(report: UploadReport, file: string): string {
  const reasons = report.reasons.map(({ reason, count, meaning, advice, examples }) => {
    const first = examples[0] ? `, first in line ${examples[0].line}: ${examples[0].detail}` : '';
    return `  ${reason}, ${number(count)} rows${first}. ${meaning} ${advice}`;
  });
  const remarks = report.insights.map(({ message, advice }) => `  ${message} ${advice}`);
  return [`${file} was refused: ${report.message}`, ...reasons, ...remarks].join('\n');
}
