import * as z from 'zod';
import type { JsonService } from '#platform/json-service.ts';

/** What a run creates to ask the environment. */
export const kinds = ['Endpoint', 'EndpointConfig', 'Model'] as const;
export type Kind = (typeof kinds)[number];

/** One of them. */
export interface Hosted {
  readonly name: string;
  readonly createdAt: Date;
}

const page = z.looseObject({ NextToken: z.string().nullish() });
/** The plain JSON of the service gives times in seconds. */
const entry = z.looseObject({ CreationTime: z.number() });

/** All of a kind whose name contains the deployment's. */
export async function listHosted(
  sagemaker: JsonService,
  kind: Kind,
  nameContains: string,
): Promise<Hosted[]> {
  const answer = page.extend({
    [`${kind}s`]: z.array(entry.extend({ [`${kind}Name`]: z.string() })),
  });
  const found: Hosted[] = [];
  let token: string | null | undefined;
  do {
    const got = (await sagemaker.call(
      `List${kind}s`,
      { NameContains: nameContains, MaxResults: 100, ...(token && { NextToken: token }) },
      answer,
    )) as { NextToken?: string } & Record<string, Record<string, string | number>[]>;
    for (const one of got[`${kind}s`] ?? []) {
      found.push({
        name: String(one[`${kind}Name`]),
        createdAt: new Date(Number(one.CreationTime) * 1000),
      });
    }
    token = got.NextToken;
  } while (token);
  return found;
}

const model = z.looseObject({
  PrimaryContainer: z.looseObject({
    ModelDataSource: z.looseObject({ S3DataSource: z.looseObject({ S3Uri: z.string() }) }),
  }),
});

/** URI of the folder that a model's files come from; undefined when the model is gone. */
export async function modelFiles(
  sagemaker: JsonService,
  name: string,
): Promise<string | undefined> {
  const found = await unlessGone(sagemaker.call('DescribeModel', { ModelName: name }, model));
  return found?.PrimaryContainer.ModelDataSource.S3DataSource.S3Uri;
}

const endpointConfig = z.looseObject({
  ProductionVariants: z.tuple([z.looseObject({ ModelName: z.string() })]),
});

/** The model that an endpoint configuration names; undefined when the configuration is gone. */
export async function configuredModel(
  sagemaker: JsonService,
  name: string,
): Promise<string | undefined> {
  const found = await unlessGone(
    sagemaker.call('DescribeEndpointConfig', { EndpointConfigName: name }, endpointConfig),
  );
  return found?.ProductionVariants[0].ModelName;
}

/** Another sweep may have been faster. */
function unlessGone<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  return answer.catch((error: Error) => {
    if (isGone(error)) return undefined;
    throw error;
  });
}

function isGone({ message }: Error): boolean {
  return /could not find|does not exist/i.test(message);
}

/**
 * @returns false when SageMaker does not let go of it yet (an endpoint that is being created); the next sweep will
 */
export async function deleteHosted(
  sagemaker: JsonService,
  kind: Kind,
  name: string,
): Promise<boolean> {
  try {
    await sagemaker.call(`Delete${kind}`, { [`${kind}Name`]: name }, z.unknown());
    return true;
  } catch (error) {
    if (isGone(error as Error)) return true;
    if (isInProgress(error as Error)) return false;
    throw error;
  }
}

/** Whether SageMaker refuses to delete something because it is still being created or changed. */
export function isInProgress({ message }: Error): boolean {
  return /in-progress|Cannot (update|delete)/i.test(message);
}
