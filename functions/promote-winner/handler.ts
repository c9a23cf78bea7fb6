import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { evaluationFile, primaryMetric } from '#lib/evaluation/evaluation-file.ts';
import { promote } from '#lib/promotion/champion.ts';
import { verdictFile } from '#lib/promotion/verdict.ts';

const objects = dataBucket();

/** Makes the winner of a run the champion, if the verdict says so and nobody else was promoted meanwhile. */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const verdict = await objects.getJson(runs.verdict(run), verdictFile);
  if (!verdict.promoted) {
    throw new ContractError(`The verdict of run ${run} is not to promote ${verdict.winner}.`);
  }
  const evaluation = await objects.getJson(runs.evaluation(run), evaluationFile);
  const winner = evaluation.models.find((model) => model.name === verdict.winner);
  const champion = {
    run,
    name: verdict.winner,
    prefix: runs.modelPrefix(run, verdict.winner),
    ndcg10: winner?.metrics[primaryMetric]?.value ?? 0,
    promotedAt: new Date().toISOString(),
  };
  const replacement = await promote(objects, champion, evaluation.champion);
  logger.info('champion', { run, name: champion.name, changed: replacement.changed });
  return replacement;
});
