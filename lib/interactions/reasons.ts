/** Why a row is in quarantine: what it means and what a team can do about it. */
export const reasons = {
  'broken-json': {
    meaning: 'The line is not one complete JSON value.',
    advice: 'Write one JSON object per line, with a JSON library, and no line breaks inside it.',
  },
  'nan-in-json': {
    meaning: 'The line has NaN or Infinity, which JSON does not know.',
    advice:
      'Write null or leave the field out (in Python, json.dumps(..., allow_nan=False) finds the place).',
  },
  'broken-csv': {
    meaning: 'A quoted field is not closed, or text follows its closing quote.',
    advice:
      'Quote fields with ", double each " inside them, and close them (Spark: option("escape", "\\"")).',
  },
  'wrong-column-count': {
    meaning:
      'The line has more or fewer fields than the header line; empty ones at its end do not count.',
    advice: 'Quote fields that contain commas; leave unknown values empty, but keep their commas.',
  },
  'missing-field': {
    meaning: 'A required field is absent, null or empty.',
    advice:
      'Interactions need user_id, item_id and timestamp; items need item_id. Where columns are called otherwise, interactions.columns (of items interactions.items.columns) says which is which, and `npx lea init` proposes it.',
  },
  'wrong-type': {
    meaning: 'A field has a value of another type than documented.',
    advice:
      'Ids are text or numbers, value is a number (12.99, not $12.99), everything else is text.',
  },
  'id-too-long': {
    meaning: 'A user_id or item_id has more characters than allowed (256 unless configured).',
    advice: 'Use a shorter identifier; hash a long one.',
  },
  'impossible-timestamp': {
    meaning:
      'The timestamp cannot be read, or lies before 1990 or more than a day after the upload arrived.',
    advice:
      'Use Unix seconds (or milli-, micro- or nanoseconds) or ISO 8601 (2026-11-23T17:32:00Z).',
  },
  'unknown-item': {
    meaning: 'The item was in no catalogue upload when this upload arrived.',
    advice: 'Upload the catalogue with these items first, then this file once more.',
  },
  'not-utf8': {
    meaning: 'The line is not UTF-8 text.',
    advice:
      'Save the file as UTF-8, or say its encoding in interactions.file (of items in interactions.items.file).',
  },
  'line-too-long': {
    meaning: 'The line has more bytes than allowed (1 MiB unless configured).',
    advice: 'Check the line ends: they must be \\n or \\r\\n. Leave out fields that nobody reads.',
  },
} as const satisfies Record<string, { meaning: string; advice: string }>;

export type Reason = keyof typeof reasons;

/** A row that goes to quarantine. `detail` says what is wrong in plain words and quotes no value of the row. */
export interface Rejection {
  readonly reason: Reason;
  readonly detail: string;
}

/** A checked row, or why it is none. */
export type Checked<Row> = { readonly row: Row } | Rejection;

export const isRejection = (checked: object): checked is Rejection => 'reason' in checked;

export const reject = (reason: Reason, detail: string): Rejection => ({ reason, detail });
