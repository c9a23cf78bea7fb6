import { championPointer } from '#lib/contracts/champion.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import type { VersionedObjects } from '#lib/contracts/objects.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { candidatesOf } from './candidates.ts';
import { type ChampionObjects, promote, type Replacement } from './champion.ts';
import { championOf } from './champion-of.ts';
import { verdictFile } from './verdict.ts';

/** What somebody wants in service, whatever the verdict said. */
export interface HandPromotion {
  readonly run: string;
  /** A model or rival of the run; by default the winner of its verdict. */
  readonly model?: string | undefined;
  readonly now: Date;
}

/**
 * Puts a model of a run into service. The run's verdict stays as it was judged; the record of the champion says who was
 * replaced, so that a rollback undoes it.
 *
 * @throws MissingArtefactError where the run was not judged, knows no such model, or its files are not there any more
 * @throws ConflictError if the champion changes meanwhile
 */
export async function promoteByHand(
  objects: ChampionObjects & VersionedObjects,
  { run, model, now }: HandPromotion,
): Promise<Replacement> {
  const verdict = (await objects.getVersion(runs.verdict(run), verdictFile))?.value;
  const evaluation = (await objects.getVersion(runs.evaluation(run), evaluationFile))?.value;
  if (verdict === undefined || evaluation === undefined) {
    throw new MissingArtefactError(
      `Run ${run} has not judged anything (no verdict.json, no evaluation.json), so none of its models can be promoted.`,
    );
  }
  const candidates = candidatesOf(evaluation);
  const chosen = candidates.find(({ name }) => name === (model ?? verdict.winner));
  if (chosen === undefined) {
    throw new MissingArtefactError(
      `Run ${run} has no "${model ?? verdict.winner}" that can be served; it has ${candidates.map(({ name }) => name).join(', ')}.`,
    );
  }
  const { champion } = await championOf(objects, run, chosen, now);
  const current = await objects.getVersion(serving.champion, championPointer);
  return await promote(objects, champion, current?.value ?? null);
}
