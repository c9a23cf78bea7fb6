import * as z from 'zod';

/** What a condition asks of one column of a row; all that it asks must hold. */
const condition = z
  .strictObject({
    /** Name of the column, as the file has it; `a.b` is the field `b` in the object `a`. */
    column: z.string().min(1),
    is: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
    startsWith: z.string().min(1).optional(),
    /** A regular expression that is found in the text. */
    matches: z.string().min(1).refine(isPattern, 'no regular expression').optional(),
    atLeast: z.number().optional(),
    below: z.number().optional(),
    isEmpty: z.boolean().optional(),
  })
  .refine(
    (value) => Object.keys(value).length > 1,
    'asks for nothing: give it is, startsWith, matches, atLeast, below or isEmpty',
  );

export type Condition = z.infer<typeof condition>;

/** One column, or several whose texts are joined by a blank, as a date and a time. */
const column = z.union([z.string().min(1), z.array(z.string().min(1)).min(2)]);

/** Of the text, what the expression's first group matches (without groups, all of it); without a match, nothing. */
const extract = z.string().min(1).refine(isPattern, 'no regular expression').optional();

const idSource = z.union([
  z.string().min(1),
  z.strictObject({
    column,
    extract,
    /** `17850.0` is 17850, as tools write whole numbers in a column with gaps. */
    wholeNumber: z.boolean().default(false),
  }),
]);

const timeSource = z.union([
  z.string().min(1),
  z.strictObject({
    column,
    /** As `DD/MM/YYYY HH:mm`: YYYY YY MMM MM M DD D HH H hh h mm ss SSS A Z; everything else stands for itself. */
    format: z.string().min(1).refine(hasDate, 'needs YYYY or YY, MM (or MMM) and DD').optional(),
    /** Of times that name none: `Europe/Berlin`, `+01:00`. */
    zone: z.string().refine(isZone, 'no time zone, as Europe/Berlin or +01:00').optional(),
  }),
  z.strictObject({
    /** The rows are in order of time and have none: each is a second later than the one before, beginning here. */
    rowsFrom: z.iso.datetime(),
  }),
]);

const eventSource = z.union([
  z.string().min(1),
  z.strictObject({ column, extract }),
  z.strictObject({
    /** The event type of all rows. */
    is: z.string().min(1),
  }),
  z.strictObject({
    /** The first rule whose condition holds. */
    rules: z.array(z.strictObject({ when: condition, is: z.string().min(1) })).min(1),
    otherwise: z.string().min(1).nullable().default(null),
  }),
]);

const valueSource = z.union([
  z.string().min(1),
  z.strictObject({
    column,
    /** The decimal sign; the other one, blanks and apostrophes group digits, and currencies are taken off. */
    decimal: z.enum(['.', ',']).optional(),
    /** -2 counts as 2. */
    absolute: z.boolean().default(false),
  }),
]);

const textSource = z.union([
  z.string().min(1),
  z.strictObject({
    column,
    extract,
    wholeNumber: z.boolean().default(false),
    /** What separates the texts of a list, as the | of `Drama|Comedy`. */
    split: z.string().min(1).optional(),
  }),
]);

export type IdSource = z.infer<typeof idSource>;
export type TimeSource = z.infer<typeof timeSource>;
export type EventSource = z.infer<typeof eventSource>;
export type ValueSource = z.infer<typeof valueSource>;
export type TextSource = z.infer<typeof textSource>;

/** How the text of a file is cut into columns. */
export const fileLayout = z
  .strictObject({
    /** What separates the columns of CSV; `auto` finds , ; tab | or :: in the header line. */
    separator: z
      .string()
      .regex(/^(auto|\t|[!-~]{1,4})$/, 'a tab or up to four visible ASCII characters')
      .refine((text) => !text.includes('"'), 'a quote separates nothing')
      .default('auto'),
    /** False: a quote is an ordinary character. So it always is where the separator has several characters. */
    quotes: z.boolean().default(true),
    /** Names of the columns of CSV without a header line. */
    names: z.array(z.string()).min(1).nullable().default(null),
    encoding: z.enum(['utf-8', 'latin-1', 'utf-16']).default('utf-8'),
  })
  .refine(({ names, separator }) => names === null || separator !== 'auto', {
    path: ['separator'],
    error: 'must be said where there is no header line to find it in',
  });

export type FileLayout = z.infer<typeof fileLayout>;

/** What of a log's row is what; a field that is not mentioned is the column of its own name. */
export const logColumns = z.strictObject({
  user_id: idSource.optional(),
  item_id: idSource.optional(),
  timestamp: timeSource.optional(),
  event_type: eventSource.optional(),
  value: valueSource.optional(),
  /** Which answer it followed: `requestId` of a recommendation. */
  recommendation_id: idSource.optional(),
});

/** Rows of which one of these holds are left out, and counted. */
export const leaveOut = z.array(condition).default([]);

/** How files of the catalogue are read. */
export const itemsLayout = z.strictObject({
  file: fileLayout.prefault({}),
  /** `item_id`, `title`, and texts about the item by the names that the language model shall read. */
  columns: z.record(z.string().min(1), textSource).default({}),
  /** What becomes of columns that `columns` does not mention. */
  otherColumns: z.enum(['keep', 'leave-out']).default('keep'),
  leaveOut,
});

/** How one kind of file is read. */
export interface Layout {
  readonly file: FileLayout;
  readonly columns: Readonly<
    Record<string, IdSource | TimeSource | EventSource | ValueSource | TextSource>
  >;
  readonly otherColumns: 'keep' | 'leave-out';
  readonly leaveOut: readonly Condition[];
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

function hasDate(format: string): boolean {
  return /YY/.test(format) && /M/.test(format) && /D/.test(format);
}

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
