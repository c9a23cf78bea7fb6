import * as z from 'zod';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';

/** The environment variables that functions share; each function reads the ones that it needs. */
export const variables = {
  /** The one bucket. */
  BUCKET: z.string().min(3),
  /** Where `plan-upload` sends the ranges for `parse-range`. */
  PARSE_QUEUE_URL: z.url(),
  /** Where uploads that failed are announced: the name of the pipeline's event bus, or nothing. */
  EVENT_BUS: z.string(),
};

/**
 * Reads and checks environment variables, once, when a function's module loads.
 *
 * @param shape the variables wanted, by name; take the schemas from `variables` where they are shared
 * @throws ConfigError that names each variable that is missing or wrong
 *
 * @example
 * ```ts
 * const environment = readEnvironment({ BUCKET: variables.BUCKET });
 * ```
 */
export function readEnvironment<Shape extends z.ZodRawShape>(
  shape: Shape,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<z.ZodObject<Shape>> {
  const result = z.object(shape).safeParse(environment);
  if (!result.success) {
    throw new ConfigError(
      `The function's environment variables are wrong; fix them where the function is defined:\n${explain(result.error)}`,
    );
  }
  return result.data;
}
