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

/** `1.234,50 EUR` as 1234.50, with its decimal sign known; other text as it is. */
export function plainNumber(text: string, decimal: '.' | ','): string {
  const bare = text
    .trim()
    .replaceAll(
      /^(?:\p{Sc}|[A-Za-z]{3}(?![A-Za-z]))\s*|\s*(?:\p{Sc}|(?<![A-Za-z])[A-Za-z]{3})$/gu,
      '',
    );
  const [grouping, sign] = decimal === ',' ? [/[.\s']/gu, ','] : [/[,\s']/gu, '.'];
  const number = bare.replaceAll(grouping, '').replace(sign, '.');
  return readNumber(number) === undefined ? text : number;
}

/** The decimal sign of an amount: a comma with one or two digits behind it, or behind a point, is one. Undefined for other text. */
export function signOfAmount(text: string): '.' | ',' | undefined {
  const point = text.lastIndexOf('.');
  const isComma =
    /,\d{1,2}(?!\d)\D*$/.test(text) || (point !== -1 && text.lastIndexOf(',') > point);
  const sign = isComma ? ',' : '.';
  return readNumber(plainNumber(text, sign)) === undefined ? undefined : sign;
}
