import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { TemplateError } from '../errors.ts';
import { propertiesOf } from '../template/properties.ts';
import type { Templates } from '../template/templates.ts';

/** The properties of AWS::Lambda::LayerVersion that matter here. */
const layerProperties = z.looseObject({ Content: z.looseObject({ S3Key: z.string() }) });

/**
 * Unpacks a function's layers, one over the other as Lambda does, into the folder that stands for `/opt`.
 *
 * @param arns of the layers, in order
 * @throws TemplateError for a layer that the templates do not hold
 */
export function unpackLayers(templates: Templates, arns: readonly string[], folder: string): void {
  const layers = templates.resources('AWS::Lambda::LayerVersion');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const arn of arns) {
    const layer = layers.find(({ ref }) => ref === arn);
    if (layer === undefined) {
      throw new TemplateError(
        `The layer ${arn} is not in the templates; only their own run on one machine.`,
      );
    }
    const { Content } = propertiesOf(layer, layerProperties);
    cpSync(templates.asset(layer.stack, Content.S3Key), folder, { recursive: true });
  }
}

/** Path of the folder that stands for `/opt` of a function. */
export const optFolder = (dir: string, name: string): string => join(dir, 'opt', name);
