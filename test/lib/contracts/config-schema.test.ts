import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { parseConfig, pipelineConfig } from '#lib/contracts/config.ts';

const root = join(import.meta.dirname, '../../..');
const models = [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }];

/** The configuration as JSON Schema, for editors; what a file leaves out may have a default, or be in another file. */
function configSchema(): object {
  const { required: _, properties, ...schema } = z.toJSONSchema(pipelineConfig, { io: 'input' });
  return {
    ...schema,
    title: 'Configuration of a LEA pipeline',
    properties: { $schema: { type: 'string' }, ...properties },
  };
}

test('The schema for editors is that of the code; `npm run schema` writes it', async () => {
  await expect(`${JSON.stringify(configSchema(), null, 2)}\n`).toMatchFileSnapshot(
    join(root, 'config/pipeline.schema.json'),
  );
});

test('Editors know every section and no other key, and a configuration may name the schema', () => {
  const schema = JSON.parse(readFileSync(join(root, 'config/pipeline.schema.json'), 'utf8'));
  const config = parseConfig({ $schema: 'x.json', training: { models } }, 'test');

  expect(schema.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties)).toEqual(['$schema', ...Object.keys(config)]);
  expect(schema.properties.interactions.properties.columns.properties).toHaveProperty('timestamp');
});
