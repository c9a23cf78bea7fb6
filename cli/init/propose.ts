import type { ValueRoles } from './by-values.ts';
import { findBy, role } from './names.ts';
import type { Profile } from './profile.ts';
import type { Sample } from './sample.ts';

/** A part of a configuration, and why it is so, a line each. */
export interface Proposal {
  readonly section: Record<string, unknown>;
  readonly reasons: readonly string[];
  /** What could not be found. */
  readonly missing: readonly string[];
  /** Whether some column has times. */
  readonly hasTimes: boolean;
}

/** The reward of an event type by what it is called; the first that fits. */
const rewards: readonly (readonly [RegExp, number])[] = [
  [/cancel|refund|return|dislike|remove|delete|unlike|skip|impression|bounce/i, 0],
  [/purchase|buy|order|transaction|checkout|sale|subscribe|complete/i, 1],
  [/cart|basket|wish|favou?rite|like|save|share|add/i, 0.5],
  [/play|watch|listen|read|stream|rat/i, 1],
  [/click|open|detail/i, 0.2],
  [/view|visit|page|see|browse/i, 0.1],
];

/** What an event type counts for by what it is called; undefined where that says nothing. */
export const rewardOf = (type: string) => rewards.find(([words]) => words.test(type))?.[1];

/** Columns of a log and what its events count for. */
export function proposeLogs(
  sample: Sample,
  profiles: readonly Profile[],
  byValues: ValueRoles = {},
): Proposal {
  const reasons: string[] = [];
  const missing: string[] = [];
  const columns: Record<string, unknown> = {};
  const section: Record<string, unknown> = {};
  if (Object.keys(sample.layout).length > 0) section.file = sample.layout;
  for (const [key, value] of Object.entries(sample.layout)) {
    reasons.push(`file.${key}: ${JSON.stringify(value)}, by the look of ${sample.file}.`);
  }
  const time = findBy(profiles, role.timestamp, (profile) => profile.time !== undefined);
  const named = findBy(profiles, role.user, (profile) => profile !== time);
  const namedItem = findBy(profiles, role.item, (one) => one !== time && one !== named);
  const item = namedItem ?? (byValues.item === named ? undefined : byValues.item);
  const user = named ?? (byValues.user === item ? undefined : byValues.user);
  for (const [name, profile] of [
    ['user_id', user],
    ['item_id', item],
  ] as const) {
    if (profile === undefined) {
      missing.push(name);
      continue;
    }
    const source = idSource(profile);
    if (typeof source !== 'string' || source.toLowerCase() !== name) columns[name] = source;
    const how = profile.isWholeFloat ? ', without the .0 that whole numbers are written with' : '';
    const why = profile === named || profile === namedItem ? '' : whyByValues(name, byValues);
    reasons.push(
      `${name}: the column "${profile.name}"${how} (${profile.distinct} different values in ${profile.rows} rows)${why}.`,
    );
  }
  if (time === undefined) {
    columns.timestamp = { rowsFrom: '2020-01-01T00:00:00Z' };
    reasons.push(
      'timestamp: no column has times, so the rows are taken to be in order of time, a second apart. If they are in no order, sequences cannot be learnt from them.',
    );
  } else {
    const format = time.time === '' ? undefined : time.time;
    if (format !== undefined) columns.timestamp = { column: time.name, format };
    else if (time.name.toLowerCase() !== 'timestamp') columns.timestamp = time.name;
    const how = format === undefined ? '' : `, written as ${format}`;
    const doubt =
      time.otherTime === undefined ? '' : ` ${time.otherTime} fits as well: check which it is.`;
    reasons.push(
      `timestamp: the column "${time.name}"${how}. Times without a zone are taken for UTC ("zone" says otherwise).${doubt}`,
    );
  }
  const taken = new Set([time, user, item]);
  const rest = profiles.filter((profile) => !taken.has(profile));
  const value = findBy(
    rest,
    role.value,
    // Our own name is read anyway, so what is in it has to be understood.
    ({ name, decimal, isMoney, distinct }) =>
      decimal !== undefined &&
      (distinct > 1 || (name.toLowerCase() === 'value' && (isMoney || decimal === ','))),
  );
  const read = proposeEvents(section, columns, reasons, rest, value);
  const left = rest.filter(
    (profile) => profile !== value && profile !== read && profile.distinct > 1,
  );
  const isReadAnyway = ({ name, decimal }: Profile) =>
    name.toLowerCase() === 'value' && decimal === undefined && columns.value === undefined;
  const misread = left.find(isReadAnyway);
  if (misread !== undefined) {
    reasons.push(
      `value: the column "${misread.name}" is read by its name, but what is in it is no number, so its rows will not be taken. Let interactions.columns.value name another column (one that is not there stands for none), and rules of event_type say what the words mean.`,
    );
  }
  const unread = left.filter((one) => one !== misread);
  if (unread.length > 0) {
    const names = unread.map(({ name }) => `"${name}"`).join(', ');
    reasons.push(
      `not read: ${names}. If one is a rating or an amount, or says what kind of event a row is, add it to interactions.columns as "value" or "event_type".`,
    );
  }
  for (const profile of [user, item]) {
    if (profile === undefined || profile.filled === profile.rows) continue;
    section.leaveOut = [
      ...((section.leaveOut as object[]) ?? []),
      { column: profile.name, isEmpty: true },
    ];
    reasons.push(
      `leaveOut: ${profile.rows - profile.filled} of ${profile.rows} rows looked at have no "${profile.name}".`,
    );
  }
  if (Object.keys(columns).length > 0) section.columns = columns;
  return { section, reasons, missing, hasTimes: time !== undefined };
}

function proposeEvents(
  section: Record<string, unknown>,
  columns: Record<string, unknown>,
  reasons: string[],
  rest: readonly Profile[],
  value: Profile | undefined,
): Profile | undefined {
  const event = findBy(rest, role.event, (profile) => profile.distinct <= 30 && profile !== value);
  const receipt = findBy(
    rest,
    role.receipt,
    (profile) => profile.common.some(([text]) => /^\d+$/.test(text)) || profile.distinct > 30,
  );
  const cancelled = receipt?.some(/^\d+$/) === true && receipt.some(/^C\d+$/);
  const isRating =
    value !== undefined &&
    value.lowest >= 0 &&
    value.highest <= 10 &&
    value.highest > 1 &&
    value.distinct <= 20 &&
    role.rating.test(value.name);
  if (event !== undefined) {
    if (event.name.toLowerCase() !== 'event_type') columns.event_type = event.name;
    const types = event.common.map(([text]) => [text, rewardOf(text)] as const);
    const known = types.filter(([, reward]) => reward !== undefined);
    if (known.length > 0) section.eventRewards = Object.fromEntries(known);
    reasons.push(
      `event_type: the column "${event.name}". eventRewards, by what they are called: ${known.map(([type, reward]) => `${type} ${reward}`).join(', ') || 'none'}; others count for defaultReward (1). Say what each is worth to you.`,
    );
    const bought = types.find(([text]) => /purchase|buy|order|transaction|sale/i.test(text))?.[0];
    const back = types.find(([text]) => /cancel|refund|return/i.test(text))?.[0];
    if (bought !== undefined && back !== undefined) {
      section.reward = { takesBack: { [back]: bought } };
      reasons.push(
        `reward.takesBack: a ${back} takes the latest earlier ${bought} of the item back.`,
      );
    }
  } else if (receipt !== undefined && (cancelled || (value !== undefined && value.lowest < 0))) {
    columns.event_type = {
      rules: [
        cancelled
          ? { when: { column: receipt.name, startsWith: 'C' }, is: 'cancellation' }
          : { when: { column: value!.name, below: 0 }, is: 'cancellation' },
      ],
      otherwise: 'purchase',
    };
    section.eventRewards = { purchase: 1, cancellation: 0 };
    reasons.push(
      `event_type: a purchase, or a cancellation where ${cancelled ? `"${receipt.name}" begins with C` : `"${value!.name}" is below 0`}; a cancellation takes the purchase back. eventRewards: purchase 1, cancellation 0.`,
    );
  } else if (isRating) {
    columns.event_type = { is: 'rating' };
    reasons.push('event_type: "rating" for all rows.');
  }
  const read = event ?? (columns.event_type === undefined ? undefined : receipt);
  if (value === undefined) return read;
  const changes = {
    ...((value.isMoney || value.decimal === ',') && { decimal: value.decimal }),
    ...(value.lowest < 0 && { absolute: true }),
  };
  if (Object.keys(changes).length > 0) columns.value = { column: value.name, ...changes };
  else if (value.name.toLowerCase() !== 'value') columns.value = value.name;
  if (isRating) {
    const likedFrom = Math.ceil(0.6 * value.highest);
    section.reward = {
      ...(section.reward as object),
      values: { '*': { as: 'rating', likedFrom } },
    };
    reasons.push(
      `value: the column "${value.name}", ${value.lowest} to ${value.highest}: a rating; from ${likedFrom} on it is a like, below it does not count.`,
    );
  } else {
    reasons.push(
      `value: the column "${value.name}", ${value.lowest} to ${value.highest}. It does not count, unless interactions.reward.values says what it means.`,
    );
  }
  return read;
}

/** Why a column was chosen whose name does not say what it is. */
function whyByValues(name: string, { foundIn }: ValueRoles): string {
  return name === 'item_id'
    ? `, by its values: they are found in ${foundIn}. Check it`
    : ', by its values, since its name does not say: of what is left, they are the most that come back. Check it';
}

/** Columns of a catalogue. */
export function proposeItems(
  sample: Sample,
  profiles: readonly Profile[],
  isLog: boolean,
  byValues: ValueRoles = {},
): Proposal {
  const reasons: string[] = [];
  const missing: string[] = [];
  const columns: Record<string, unknown> = {};
  const named = findBy(profiles, role.item, () => true);
  const item = named ?? byValues.item;
  const namedTitle = findBy(
    profiles,
    role.title,
    (profile) => profile !== item && profile.decimal === undefined,
  );
  const title = namedTitle ?? (byValues.title === item ? undefined : byValues.title);
  for (const [name, profile] of [
    ['item_id', item],
    ['title', title],
  ] as const) {
    if (profile === undefined) {
      missing.push(name);
      continue;
    }
    const source = name === 'item_id' ? idSource(profile) : profile.name;
    if (source !== name) columns[name] = source;
    const why = profile === named || profile === namedTitle ? '' : ', by its values. Check it';
    reasons.push(`items, ${name}: the column "${profile.name}"${why}.`);
  }
  if (!isLog) {
    for (const profile of profiles) {
      const lists = profile.common.filter(([text]) => text.includes('|')).length;
      if (profile === item || profile === title || lists < profile.common.length / 4) continue;
      columns[profile.name] = { column: profile.name, split: '|' };
      reasons.push(`items, ${profile.name}: a list, separated by |.`);
    }
  }
  const section: Record<string, unknown> = {};
  if (Object.keys(sample.layout).length > 0) section.file = sample.layout;
  if (Object.keys(columns).length > 0) section.columns = columns;
  if (isLog) {
    section.otherColumns = 'leave-out';
    reasons.push('items, other columns: left out, for they are about events and not about items.');
  } else {
    reasons.push(
      'items, other columns: kept as texts that the language model reads ("otherColumns": "leave-out" leaves them out).',
    );
  }
  return { section, reasons, missing, hasTimes: false };
}

function idSource(profile: Profile): unknown {
  return profile.isWholeFloat ? { column: profile.name, wholeNumber: true } : profile.name;
}
