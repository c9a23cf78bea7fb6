/** A decimal number, with or without exponent, and nothing around it. */
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** The number that a text is; undefined when it is none, or too large for one. */
export function readNumber(text: string): number | undefined {
  if (!decimal.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** True for a number as spreadsheets shorten it, `8.80E+12`: its digits are lost. */
export const isShortened = (text: string): boolean =>
  text.includes('+') && /^[+-]?\d+(?:[.,]\d+)?e\+\d+$/i.test(text);
