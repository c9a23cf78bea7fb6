/** What tools write for "nothing": databases, pandas, R, spreadsheets, JavaScript. Letter by letter. */
const placeholders = new Set(
  '\\N NULL Null null (null) <null> NaN nan NAN <NA> NA N/A n/a #N/A NaT None NONE nil undefined - -- – —'.split(
    ' ',
  ),
);
const LONGEST = 9;
const first = new Set([...placeholders].map((text) => text.charCodeAt(0)));

/** True for a text that stands for "nothing". */
export const isPlaceholder = (text: string): boolean =>
  text.length <= LONGEST && first.has(text.charCodeAt(0)) && placeholders.has(text);
