import { UsageError } from './options.ts';

/** @throws UsageError unless the option's text is a whole number above 0; underscores and commas may group its digits */
export function readCount(option: string, text: string | undefined): number {
  const value = Number(text?.replaceAll(/[_,]/g, ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`${option} must be a whole number above 0, not "${text ?? ''}".`);
}
