import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '#lib/serving/openapi.ts';

const root = join(import.meta.dirname, '../../..');

describe('Function: openApiDocument', () => {
  it('is docs/openapi.json', async () => {
    await expect(`${JSON.stringify(openApiDocument(), null, 2)}\n`).toMatchFileSnapshot(
      join(root, 'docs/openapi.json'),
      'docs/openapi.json is not what lib/serving reads: run `npx vitest run test/lib/serving/openapi.test.ts --update`',
    );
  });

  it('has every key of a request, and lets no other be sent', () => {
    const { post } = openApiDocument().paths['/recommend']!;
    const { schema } = post.requestBody.content['application/json'] as {
      schema: { properties: object; additionalProperties: boolean };
    };

    expect(Object.keys(schema.properties).toSorted()).toEqual([
      'context',
      'count',
      'exclude',
      'exclude_seen',
      'history',
      'only',
      'user_id',
      'where',
    ]);
    expect(schema.additionalProperties).toBe(false);
  });
});
