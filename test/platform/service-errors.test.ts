import { expect, it } from 'vitest';
import { fromServiceError } from '#platform/service-errors.ts';

it('does not take a full disk for a busy service', () => {
  const $metadata = { httpStatusCode: 507 };
  const full = Object.assign(new Error('The disk is full'), {
    name: 'InsufficientStorage',
    $metadata,
  });

  expect(fromServiceError(full, 'writing s3://data/a')).toMatchObject({
    code: 'InsufficientStorage',
    retryable: false,
    message: 'Failed writing s3://data/a: The disk is full',
  });
});
