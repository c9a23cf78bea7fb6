import * as z from 'zod';
import { type PipelineConfig, parseConfig } from '#lib/contracts/config.ts';

/** The environment variable `PIPELINE_CONFIG`: the whole pipeline configuration as JSON. */
export const deployedConfig = z.string().transform((text, context): PipelineConfig => {
  try {
    return parseConfig(JSON.parse(text), 'PIPELINE_CONFIG');
  } catch (error) {
    context.issues.push({ code: 'custom', message: (error as Error).message, input: text });
    return z.NEVER;
  }
});
