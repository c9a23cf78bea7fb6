import { readAskingInstances } from '#functions/shared/asking-instances.ts';
import { readAugmentation } from '#functions/shared/augmentation-results.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import { type EnvironmentPlan, environmentRegistration } from '#lib/environment/version.ts';
import type { EnvironmentReuse } from '#lib/report/sections/reuse.ts';
import type { Objects } from '#platform/objects.ts';
import prices from '../../config/prices.json' with { type: 'json' };

/** What the run took from earlier ones: the environment itself, and answers to rows that have not changed. */
export async function gatherReuse(
  objects: Objects,
  run: string,
  { version, answersOf, newItems }: EnvironmentPlan,
  { operations }: PipelineConfig,
): Promise<EnvironmentReuse> {
  const fitted = await objects.getJson(environments.registration(version), environmentRegistration);
  let transitions = 0;
  let reused = 0;
  for (const part of (await readAugmentation(objects, run)).values()) {
    transitions += part.transitions;
    reused += part.reused ?? 0;
  }
  const [instanceType] = operations.environmentInstanceTypes;
  const instanceHour = (prices.instanceHour as Readonly<Record<string, number>>)[instanceType!];
  const asked = transitions - reused;
  const span = await askingSeconds(objects, run);
  const instances = await readAskingInstances(objects, run);
  const savedSeconds = asked > 0 && span > 0 ? (span / asked) * reused : undefined;
  return {
    fittedBy: fitted.run === run ? null : fitted.run,
    fittedAt: fitted.fittedAt,
    newItems,
    transitions,
    reused,
    answersOf,
    savedSeconds,
    savedUsd:
      savedSeconds === undefined || instanceHour === undefined
        ? undefined
        : (instances * savedSeconds * instanceHour) / 3600,
    instanceType: instanceType!,
  };
}

/** From the first answer to the last one: the endpoint's start is no part of it. */
async function askingSeconds(objects: Objects, run: string): Promise<number> {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for await (const { key, lastModified } of objects.list(runs.augmentedPrefix(run))) {
    if (key === runs.augmentedManifest(run)) continue;
    first = Math.min(first, lastModified.getTime());
    last = Math.max(last, lastModified.getTime());
  }
  return Math.max(0, last - first) / 1000;
}
