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

/** A part of a JSON Schema, as far as it is told in the document. */
interface Part {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
  readonly oneOf?: readonly Part[];
  readonly additionalProperties?: Part | boolean;
}

const largest = Number.MAX_SAFE_INTEGER;
const code = (value: unknown) => `\`${JSON.stringify(value).replaceAll('|', '\\|')}\``;

/** What a setting may be, in words. */
function kindOf(part: Part): string {
  const several = part.anyOf ?? part.oneOf;
  if (several !== undefined) return [...new Set(several.map(kindOf))].join(' or ');
  if (part.enum !== undefined) return part.enum.map(code).join(', ');
  if (part.const !== undefined) return code(part.const);
  if (part.type === 'array') return `list of ${kindOf(part.items ?? {})}`;
  if (part.type === 'null') return '`null`';
  const { minimum, maximum = largest } = part;
  const words = { integer: 'whole number', string: 'text', boolean: 'true or false' } as const;
  const word = words[part.type as keyof typeof words] ?? part.type ?? 'anything';
  const from = minimum === undefined || minimum <= -largest ? '' : ` from ${minimum}`;
  return word + from + (maximum >= largest ? '' : ` to ${maximum}`);
}

/** A row for each setting, those of objects within by their paths. */
function* rowsOf(properties: Readonly<Record<string, Part>>, path: string): Generator<string> {
  for (const [name, part] of Object.entries(properties)) {
    const key = path === '' ? name : `${path}.${name}`;
    if (part.properties !== undefined) yield* rowsOf(part.properties, key);
    else if (part.type === 'array' && part.items?.properties !== undefined) {
      yield `| \`${key}\` | list of objects | |`;
      yield* rowsOf(part.items.properties, `${key}[]`);
    } else {
      const preset = part.default === undefined ? '' : code(part.default);
      yield `| \`${key}\` | ${kindOf(part)} | ${preset} |`;
    }
  }
}

/** Where a section is explained. */
const explained: Readonly<Record<string, string>> = {
  interactions: 'data.md',
  sequences: 'evaluation.md',
  environment: 'environment.md',
  training: 'trainer.md',
  evaluation: 'evaluation.md',
  promotion: 'contracts.md#7-verdict',
  operations: 'deploy.md',
};

test('docs/configuration.md lists every setting; `npm run schema` writes it', async () => {
  const { properties } = configSchema() as { properties: Record<string, Part> };
  const sections = Object.entries(properties).filter(([name]) => name !== '$schema');

  const document = [
    '# Configuration',
    '',
    'Every setting with what it may be and what it is where nothing is said. Written by `npm run schema` from the schema in',
    '`lib/contracts/config`, whose comments explain each; editors complete it where a file names',
    '[pipeline.schema.json](../config/pipeline.schema.json) as its `$schema`. Unknown keys are refused. A model whose settings name a `preset` takes what it does',
    'not mention from there ([presets](trainer.md#presets)).',
    ...sections.flatMap(([name, part]) => [
      '',
      `## ${name}`,
      '',
      `Explained in [${explained[name]}](${explained[name]}).`,
      '',
      '| setting | is | by default |',
      '|---|---|---|',
      ...rowsOf(part.properties ?? {}, name),
    ]),
  ];

  expect(sections.map(([name]) => name).toSorted()).toEqual(Object.keys(explained).toSorted());
  await expect(`${document.join('\n')}\n`).toMatchFileSnapshot(join(root, 'docs/configuration.md'));
});

test('Editors know every section and no other key, and a configuration may name the schema', () => {
  const schema = JSON.parse(readFileSync(join(root, 'config/pipeline.schema.json'), 'utf8'));
  const config = parseConfig({ $schema: 'x.json', training: { models } }, 'test');

  expect(schema.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties)).toEqual(['$schema', ...Object.keys(config)]);
  expect(schema.properties.interactions.properties.columns.properties).toHaveProperty('timestamp');
});
