import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';

/**
 * A dataset's schema as Amazon Personalize has it, in the notation of Avro
 * (https://docs.aws.amazon.com/personalize/latest/dg/how-it-works-dataset-schema.html).
 */
const avroRecord = z.looseObject({
  type: z.literal('record'),
  name: z.string(),
  fields: z
    .array(
      z.looseObject({
        name: z.string().min(1),
        type: z.union([z.string(), z.array(z.string())]),
        categorical: z.boolean().optional(),
        textual: z.boolean().optional(),
      }),
    )
    .min(1),
});

export type Schema = z.infer<typeof avroRecord>;
export type SchemaField = Schema['fields'][number];

/** `aws personalize describe-schema` prints the schema as a text within its answer. */
const described = z.looseObject({ schema: z.looseObject({ schema: z.string() }) });

/** @throws ValidationError for a file that is no schema */
export function readSchema(file: string): Schema {
  const value = readJson(file);
  const inside = described.safeParse(value);
  const parsed = avroRecord.safeParse(
    inside.success ? parseJson(inside.data.schema.schema, file) : value,
  );
  if (parsed.success) return parsed.data;
  throw new ValidationError(
    `${file} is no schema of Amazon Personalize, {"type": "record", "name": ..., "fields": [...]}:\n${explain(parsed.error)}`,
  );
}

/** How a solution weighs events; of `aws personalize describe-solution` the part that says it. */
const solution = z.looseObject({
  solution: z.looseObject({
    eventType: z.string().optional(),
    solutionConfig: z
      .looseObject({
        eventValueThreshold: z.coerce.number().optional(),
        eventsConfig: z
          .looseObject({
            eventParametersList: z
              .array(
                z.looseObject({
                  eventType: z.string().min(1),
                  eventValueThreshold: z.number().optional(),
                  weight: z.number().min(0).max(1).optional(),
                }),
              )
              .default([]),
          })
          .optional(),
      })
      .default({}),
  }),
});

/** What one event type counts for in a solution. */
export interface EventParameter {
  /** `*` for all, alike: a solution that names none is trained on every interaction. */
  readonly eventType: string;
  /** Of 1; undefined where the solution does not say. */
  readonly weight?: number | undefined;
  /** Events with a lower value do not count. */
  readonly threshold?: number | undefined;
}

/** @throws ValidationError for a file that is no answer of describe-solution */
export function readSolution(file: string): EventParameter[] {
  const parsed = solution.safeParse(readJson(file));
  if (!parsed.success) {
    throw new ValidationError(
      `${file} is not what aws personalize describe-solution prints:\n${explain(parsed.error)}`,
    );
  }
  const { eventType, solutionConfig } = parsed.data.solution;
  const listed = solutionConfig.eventsConfig?.eventParametersList ?? [];
  if (listed.length > 0) {
    return listed.map(({ eventType: type, eventValueThreshold, weight }) => {
      return { eventType: type, weight, threshold: eventValueThreshold };
    });
  }
  const threshold = solutionConfig.eventValueThreshold;
  return [{ eventType: eventType ?? '*', threshold }];
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ValidationError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return parseJson(text, file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ValidationError(`${file} is no JSON: ${(cause as Error).message}`, { cause });
  }
}
