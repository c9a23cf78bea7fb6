import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { TemplateError } from '../errors.ts';

/** A resource as the template has it, before its intrinsics are resolved. */
export interface RawResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>> | undefined;
  readonly Condition?: string | undefined;
}

export interface Stack {
  readonly name: string;
  readonly resources: Readonly<Record<string, RawResource>>;
  readonly outputs: Readonly<Record<string, RawOutput>>;
  readonly parameters: Readonly<Record<string, { Type: string; Default?: unknown }>>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly mappings: Readonly<Record<string, Record<string, Record<string, unknown>>>>;
  /** Files and folders by the S3 key that the template gives them. */
  readonly assets: ReadonlyMap<string, string>;
}

export interface RawOutput {
  readonly Value?: unknown;
  readonly Export?: { readonly Name: unknown } | undefined;
  readonly Condition?: string | undefined;
}

const manifest = z.looseObject({
  artifacts: z.record(
    z.string(),
    z.looseObject({ type: z.string(), properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});

const template = z.looseObject({
  Resources: z
    .record(
      z.string(),
      z.looseObject({
        Type: z.string(),
        Properties: z.record(z.string(), z.unknown()).optional(),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
  Outputs: z
    .record(
      z.string(),
      z.looseObject({
        Value: z.unknown(),
        Export: z.object({ Name: z.unknown() }).optional(),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
  Parameters: z
    .record(z.string(), z.looseObject({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Mappings: z
    .record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))
    .default({}),
});

const assetManifest = z.looseObject({
  files: z
    .record(
      z.string(),
      z.looseObject({
        source: z.looseObject({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.looseObject({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

/**
 * Reads every stack of a cloud assembly (what `cdk synth` writes), also those of nested stages.
 *
 * @throws TemplateError when the folder has no assembly or a file of it does not have the expected form
 */
export function readAssembly(folder: string): Stack[] {
  const path = join(folder, 'manifest.json');
  if (!existsSync(path)) {
    throw new TemplateError('There is no manifest.json; cdk synth writes it.', folder);
  }
  const { artifacts } = parse(manifest, path);
  const assets = new Map<string, string>();
  const stacks: Stack[] = [];
  for (const { type, properties = {} } of Object.values(artifacts)) {
    if (type === 'cdk:asset-manifest') readAssets(folder, String(properties.file), assets);
  }
  for (const [id, { type, properties = {} }] of Object.entries(artifacts)) {
    if (type === 'cdk:cloud-assembly') {
      stacks.push(...readAssembly(join(folder, String(properties.directoryName))));
    } else if (type === 'aws:cloudformation:stack') {
      const parsed = parse(template, join(folder, String(properties.templateFile)));
      stacks.push({
        name: String(properties.stackName ?? id),
        resources: parsed.Resources,
        outputs: parsed.Outputs,
        parameters: parsed.Parameters,
        conditions: parsed.Conditions,
        mappings: parsed.Mappings,
        assets,
      });
    }
  }
  return stacks;
}

function readAssets(folder: string, file: string, assets: Map<string, string>): void {
  for (const { source, destinations } of Object.values(
    parse(assetManifest, join(folder, file)).files,
  )) {
    if (source.path === undefined) continue;
    for (const { objectKey } of Object.values(destinations)) {
      assets.set(objectKey, join(folder, source.path));
    }
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, path: string): z.infer<Schema> {
  const result = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (result.success) return result.data;
  throw new TemplateError(z.prettifyError(result.error), path);
}
