import { loadInternal } from './fauxqs-internals.ts';

interface Internals {
  /** The one error class that fauxqs' S3 routes answer as S3 does. */
  readonly S3Error: new (
    code: string,
    message: string,
    status: number,
  ) => Error & { readonly code: string; readonly statusCode: number; toXml(): string };
}

/** Without the rest of fauxqs: whoever only reads what is stored needs no server. */
export const { S3Error } = await loadInternal<Internals>('common/errors.js');

/** What the system says when there is no room: on the disk, in a person's share of it, in a file. */
const noRoom = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** A failure of the disk as S3 would tell it: not 500, which clients take for passing, for nothing gets better by trying again. */
export function asS3Error(error: Error & { readonly code?: string }): Error {
  if (error instanceof S3Error) return error;
  if (noRoom.includes(error.code ?? '')) {
    return new S3Error('InsufficientStorage', `The disk is full: ${error.message}`, 507);
  }
  return new S3Error('InternalError', error.message, 500);
}
