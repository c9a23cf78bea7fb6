import { type Rejection, reject } from './reasons.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken off
const outside = /^[\s\u0000-\u001f\u007f-\u009f]+|[\s\u0000-\u001f\u007f-\u009f]+$/g;

/** Code units that need no second look at either end of an id: visible ASCII. */
const isPlain = (code: number) => code > 32 && code < 127;

/**
 * The one rule of user and item ids: text, or a number, which is taken as its text. Blanks and control characters
 * around it are taken off; nothing else is changed, so `17` and `017` are two ids.
 *
 * @param name of the field, for the reason
 * @returns the id, or why it is none
 */
export function readId(
  name: string,
  value: string | number,
  maximumLength: number,
): string | Rejection {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return reject(
      'wrong-type',
      `${name} is a number of more digits than can be kept; write it as text`,
    );
  }
  let id = String(value);
  if (!isPlain(id.charCodeAt(0)) || !isPlain(id.charCodeAt(id.length - 1))) {
    id = id.replace(outside, '');
  }
  if (id.length > maximumLength) {
    return reject(
      'id-too-long',
      `${name} has ${id.length} characters; at most ${maximumLength} are allowed`,
    );
  }
  if (id === '') return reject('missing-field', `${name} is empty`);
  if (!id.isWellFormed()) {
    return reject('not-utf8', `${name} contains half a character (a lone surrogate)`);
  }
  return id;
}
