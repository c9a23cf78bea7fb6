import { type Champion, runChampion } from '#lib/contracts/champion.ts';
import { ConflictError, ContractError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { candidatesOf } from '#lib/promotion/candidates.ts';
import { promote } from '#lib/promotion/champion.ts';
import { championOf } from '#lib/promotion/champion-of.ts';
import { explainServed } from '#lib/promotion/refit.ts';
import { append, verdictFile, withdraw } from '#lib/promotion/verdict.ts';
import type { Objects } from '#platform/objects.ts';

/** What became of a winner. */
export interface Outcome {
  readonly champion: Champion;
  /** Why it was not promoted after all, in plain words. */
  readonly refused?: string;
}

/**
 * Makes the winner of a run the champion: fitted on all actions where that is there, else as it was judged; the verdict says
 * which. If the champion has changed since the run read it, the verdict says that instead: the run's work is done, and the
 * next one is compared with the new champion.
 *
 * @param refitFailure why the winner could not be fitted on all actions, if so
 * @throws ContractError if the verdict is not to promote
 */
export async function promoteWinner(
  objects: Objects,
  run: string,
  refitFailure: string | undefined,
  now: Date,
): Promise<Outcome> {
  const verdict = await objects.getJson(runs.verdict(run), verdictFile);
  if (!verdict.promoted) {
    throw new ContractError(`The verdict of run ${run} is not to promote ${verdict.winner}.`);
  }
  const evaluation = await objects.getJson(runs.evaluation(run), evaluationFile);
  const winner = candidatesOf(evaluation).find(({ name }) => name === verdict.winner);
  if (winner === undefined) {
    throw new ContractError(`The evaluation of run ${run} does not know ${verdict.winner}.`);
  }
  const { champion, refit } = await championOf(objects, run, winner, now);
  const { inService } = await objects.getJson(runs.champion(run), runChampion);
  try {
    const promoted = (await promote(objects, champion, inService)).champion;
    const served = explainServed(promoted, refit ?? { failure: refitFailure });
    await objects.putJson(runs.verdict(run), append(verdict, served));
    return { champion: promoted };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    await objects.putJson(runs.verdict(run), withdraw(verdict, error.message));
    return { champion, refused: error.message };
  }
}
