import { ValidationError } from '#lib/contracts/errors.ts';
import { longestId } from '#lib/contracts/limits.ts';
import { readId } from '#lib/interactions/ids.ts';

/**
 * Ids of users, one a line; a byte order mark and empty lines do not matter.
 *
 * @throws ValidationError for what is no id, and for an empty list
 */
export function readUserList(text: string): Set<string> {
  return readUsers(
    text
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== ''),
  );
}

/** The same, of texts. */
export function readUsers(texts: readonly string[]): Set<string> {
  const ids = texts.map((text) => {
    const id = readId('the user id', text, longestId);
    if (typeof id === 'string') return id;
    throw new ValidationError(id.detail);
  });
  if (ids.length === 0) throw new ValidationError('There is nobody to forget: the list is empty.');
  return new Set(ids);
}
