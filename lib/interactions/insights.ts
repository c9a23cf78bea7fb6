import { count, type Insight, number, percent, when } from './insight.ts';
import type { MergedInteractions, MergedItems, MergedTally } from './merge.ts';
import { rewardInsights } from './reward-insights.ts';
import type { UploadPlan } from './upload-plan.ts';

/** Fewest interactions, and users with two or more, from which anything can be learnt (as Amazon Personalize). */
const MINIMUM_INTERACTIONS = 1000;
const MINIMUM_USERS = 25;
const MAXIMUM_EVENT_TYPES = 10;
/** A field that fewer of the rows have counts as incomplete. */
const COMPLETE_SHARE = 0.7;
const NEVER_SEEN_SHARE = 0.5;
const DUPLICATE_SHARE = 0.2;
const MIDNIGHT_SHARE = 0.9;
const ONE_USER_SHARE = 0.1;

/**
 * Checks an upload of interactions as a whole.
 *
 * @param knownItems items of the catalogue; undefined without one
 */
export function interactionInsights(
  merged: MergedTally,
  found: MergedInteractions,
  knownItems: number | undefined,
  settings: UploadPlan['settings'],
): Insight[] {
  const { good } = merged;
  return [
    ...volumeInsights(merged, found),
    ...timeInsights(good, found),
    ...fieldInsights(merged, found),
    ...rewardInsights(found, settings),
    ...knownItemInsights(found, knownItems),
  ];
}

function volumeInsights({ good, read, duplicate }: MergedTally, { users }: MergedInteractions) {
  return [
    ...when(
      good < MINIMUM_INTERACTIONS,
      'few-interactions',
      `The upload has ${number(good)} interactions; fewer than ${number(MINIMUM_INTERACTIONS)} are too few to learn from alone.`,
      'Upload a longer period. All uploads are learnt from together, so this matters only if the others are small too.',
    ),
    ...when(
      users.repeated < MINIMUM_USERS,
      'few-users',
      `${users.repeated === 0 ? 'No user has' : `Only ${count(users.repeated, 'user')} ${users.repeated === 1 ? 'has' : 'have'}`} two or more interactions; sequences need at least ${MINIMUM_USERS} such users.`,
      'Check that user_id names a person or a lasting device and not a session or a request; upload a longer period.',
    ),
    ...when(
      users.distinct > 1 && users.largest > ONE_USER_SHARE * good,
      'one-user-dominates',
      `One user has ${percent(users.largest / good)} of the interactions.`,
      'Check for a robot, a test account, or a placeholder that stands for unknown users, and leave it out.',
    ),
    ...when(
      duplicate > DUPLICATE_SHARE * read,
      'many-duplicates',
      `${percent(duplicate / read)} of the rows repeat another row (same user, item, timestamp and event type).`,
      'Check the export for double joins. If they are real events, give timestamps more digits.',
    ),
  ];
}

function timeInsights(good: number, found: MergedInteractions) {
  const one = good > 1 && found.firstTimestamp === found.lastTimestamp;
  return [
    ...when(
      one,
      'one-timestamp',
      'All interactions have the same timestamp, so nothing tells what came after what.',
      'Export the time of each event, not the time of the export.',
    ),
    ...when(
      !one && found.atMidnight > MIDNIGHT_SHARE * good,
      'dates-without-time',
      `${percent(found.atMidnight / good)} of the interactions are at exactly 00:00:00 UTC, so their order within a day is that of the file.`,
      'Export the time of day, or make sure that the rows of a day are in order.',
    ),
  ];
}

function fieldInsights({ good, unusedFields }: MergedTally, found: MergedInteractions) {
  const types = Object.keys(found.eventTypes).length;
  const partly = (rows: number) => rows > 0 && rows < COMPLETE_SHARE * good;
  return [
    ...when(
      types > MAXIMUM_EVENT_TYPES,
      'many-event-types',
      `The upload has ${types > 50 ? 'more than 50' : types} event types.`,
      'Give the ones that matter a reward in interactions.eventRewards, and the others 0. Check that event_type is a kind of event and not an id.',
    ),
    ...when(
      partly(found.withEventType),
      'incomplete-event-type',
      `Only ${percent(found.withEventType / good)} of the interactions have an event_type; the others are rewarded with interactions.defaultReward.`,
      'Give every interaction an event_type, or none.',
    ),
    ...when(
      partly(found.withValue),
      'incomplete-value',
      `Only ${percent(found.withValue / good)} of the interactions have a value.`,
      'Give every interaction a value, or none.',
    ),
    ...when(
      Object.keys(unusedFields).length > 0,
      'unused-fields',
      `Fields that the pipeline does not use: ${Object.keys(unusedFields).join(', ')}.`,
      'Check the spelling of the documented fields. Otherwise leave these out: the files get smaller.',
    ),
  ];
}

function knownItemInsights({ items }: MergedInteractions, knownItems: number | undefined) {
  if (knownItems === undefined) {
    return when(
      true,
      'no-catalogue',
      'There is no catalogue yet, so every item counts as known and has no text.',
      'Upload item_id, title and other text to catalog/ first: the language model reads it.',
    );
  }
  const neverSeen = Math.max(0, 1 - items.distinct / knownItems);
  return when(
    neverSeen > NEVER_SEEN_SHARE,
    'items-never-seen',
    `${percent(neverSeen)} of the catalogue's ${number(knownItems)} items are in no interaction of this upload.`,
    'Nothing to do if the upload is one of many. Otherwise check that both files use the same item ids.',
  );
}

/** Checks an upload of items as a whole. */
export function itemInsights(merged: MergedTally, items: MergedItems): Insight[] {
  const { good, notes } = merged;
  const fields = Object.entries(items.fields);
  const incomplete = fields.filter(([, rows]) => rows < COMPLETE_SHARE * good);
  const leftOut = Object.keys(items.leftOut);
  const untitled = notes['absent-title'] ?? 0;
  return [
    ...when(
      untitled > 0,
      'items-without-title',
      `${number(untitled)} of the ${number(good)} items ${untitled === 1 ? 'has no title; its' : 'have no title; their'} id stands for it.`,
      'Give every item a title: it is the first thing that the language model reads.',
    ),
    ...when(
      leftOut.length > 0,
      'nested-fields',
      `Fields that are objects, or have some in them, are left out: ${leftOut.join(', ')} (of up to ${number(Math.max(...Object.values(items.leftOut)))} items).`,
      'Give what the language model should read of them fields of their own, as text, numbers or lists.',
    ),
    ...when(
      fields.length === 0,
      'titles-only',
      'The items have no text besides their titles.',
      'Add whatever describes an item (category, brand, description): the language model reads it.',
    ),
    ...when(
      incomplete.length > 0,
      'incomplete-fields',
      `Fields that fewer than ${percent(COMPLETE_SHARE)} of the items have: ${incomplete.map(([name]) => name).join(', ')}.`,
      'Fill them where you can; parts of the item template in [...] are left out for items without the field.',
    ),
  ];
}
