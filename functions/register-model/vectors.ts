import { readRunConfig } from '#functions/shared/run-config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs, vectors } from '#lib/contracts/keys.ts';
import { type VectorsRegistration, vectorsMetrics } from '#lib/environment/vectors-plan.ts';
import type { Objects } from '#platform/objects.ts';
import { listArtefacts, type Registration } from './register.ts';

/**
 * Adds a job's new vectors of sentences to the store, and puts those of the items where the run's models look for them,
 * last: they say that the rest is done.
 *
 * @returns the key at which the run's vectors now are
 */
export async function registerVectors(
  objects: Objects,
  { run, name: fingerprint, artefacts }: Registration,
): Promise<string> {
  const { source, keys } = await listArtefacts(objects, artefacts);
  const metrics = `${source}metrics.json`;
  if (!keys.includes(metrics)) {
    throw new MissingArtefactError(
      `The job for item vectors left no metrics.json at ${artefacts}: it ended before they were complete. Its log says why.`,
    );
  }
  const { space } = await objects.getJson(metrics, vectorsMetrics);
  const { environment } = await readRunConfig(objects, run);
  const { baseModel } = environment;
  const store = `${source}store/`;
  for (const key of keys.filter((one) => one.startsWith(store))) {
    await objects.copy(key, vectors.sentences(baseModel) + key.slice(store.length));
  }
  if (space !== '') await objects.putJson(vectors.use(baseModel, space), { run });
  await objects.copy(metrics, runs.itemVectorsMetrics(run));
  const target = runs.itemVectors(run);
  await objects.copy(`${source}item-vectors.arrow`, target);
  const registration: VectorsRegistration = {
    run,
    fingerprint,
    space: space === '' ? null : { baseModel, name: space },
    madeAt: new Date().toISOString(),
  };
  await objects.putJson(vectors.latest, registration);
  return target;
}
