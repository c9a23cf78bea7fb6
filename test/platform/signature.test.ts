import { SignatureV4 } from '@smithy/signature-v4';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signPost } from '#platform/signature.ts';
import { Sha256 } from './sha256.ts';

describe('Function: signPost', () => {
  it('signs as the SDK does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          body: fc.string({ unit: 'grapheme' }),
          token: fc.option(fc.stringMatching(/^[A-Za-z0-9/+=]{1,40}$/), { nil: undefined }),
          secret: fc.stringMatching(/^[A-Za-z0-9/+]{40}$/),
          service: fc.constantFrom('sagemaker', 'states', 'events', 'codebuild'),
          milliseconds: fc.integer({ min: 0, max: 4e12 }),
        }),
        async ({ body, token, secret, service, milliseconds }) => {
          // Arrange
          const credentials = {
            accessKeyId: 'AKIDEXAMPLE',
            secretAccessKey: secret,
            ...(token === undefined ? {} : { sessionToken: token }),
          };
          const now = new Date(milliseconds);
          const headers = {
            'content-type': 'application/x-amz-json-1.1',
            'x-amz-target': 'SageMaker.ListEndpoints',
          };
          const url = new URL('https://api.sagemaker.eu-west-1.amazonaws.com');
          const signer = new SignatureV4({
            service,
            region: 'eu-west-1',
            credentials,
            sha256: Sha256,
            applyChecksum: false,
          });
          const reference = await signer.sign(
            {
              method: 'POST',
              protocol: 'https:',
              hostname: url.hostname,
              path: '/',
              query: {},
              headers: { ...headers, host: url.host },
              body,
            },
            { signingDate: now },
          );
          // Act
          const signed = signPost(
            { url, headers, body, service, region: 'eu-west-1', now },
            credentials,
          );
          // Assess
          expect({ ...signed, host: url.host }).toStrictEqual(reference.headers);
        },
      ),
      { numRuns: 50 },
    );
  });
});
