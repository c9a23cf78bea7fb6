import * as z from 'zod';

/** Something about an upload that a team should know, though it was taken. */
export const insight = z.strictObject({
  code: z.string(),
  /** What was found. */
  message: z.string(),
  /** What to do about it. */
  advice: z.string(),
});

export type Insight = z.infer<typeof insight>;

export const number = (value: number): string => value.toLocaleString('en-US');
export const percent = (share: number): string =>
  `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: 1 })} %`;
/** `1 row`, `1,200 rows` */
export const count = (value: number, one: string, several = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : several}`;

/** One remark, if it holds. */
export const when = (holds: boolean, code: string, message: string, advice: string): Insight[] =>
  holds ? [{ code, message, advice }] : [];
