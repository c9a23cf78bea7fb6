import { ValidationError } from '#lib/contracts/errors.ts';

/** So many digits, or an exponent: what may be more than a double keeps. */
const suspicious = /\d[\d.]{14}|\d[eE]/;

/**
 * Parses JSON, but takes no number that a double does not keep: an id of 64 bits would lose its last digits without a word.
 *
 * @throws ValidationError for such a number, which has to be written as text; SyntaxError for what is not JSON
 */
export function parseExactJson(text: string): unknown {
  if (!suspicious.test(text)) return JSON.parse(text);
  return JSON.parse(text, (name: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    if (typeof value !== 'number' || source === undefined || isKept(source, value)) return value;
    const shown = source.length > 40 ? `${source.slice(0, 40)}...` : source;
    throw new ValidationError(
      `The number ${shown}${name === '' ? '' : ` (at "${name.slice(0, 100)}")`} has more digits than a JSON number keeps, so it would become ${value}: write it as text, in quotes.`,
    );
  });
}

/** Whether a number, written out, has the digits that it was read from. */
function isKept(source: string, value: number): boolean {
  return Number.isFinite(value) && digitsOf(source) === digitsOf(String(value));
}

/** Significant digits and the power of ten of the last one: `1.50e3` and `1500` are the same. */
function digitsOf(text: string): string {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return digits === ''
    ? '0'
    : `${digits}e${Number(exponent) - fraction.length + all.length - digits.length}`;
}
