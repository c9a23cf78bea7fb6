import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { evaluate } from '#lib/evaluation/evaluate.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { decide } from '#lib/promotion/verdict.ts';
import { toJson } from '#platform/objects.ts';
import { readRankings } from './rankings.ts';

const objects = dataBucket();

/** Compares the trained models with each other, the baselines and the champion, and decides about promotion. */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const config = await objects.getJson(runs.config(run), pipelineConfig);
  const fixed = await objects.getVersion(runs.evaluation(run), evaluationFile);
  // An attempt that promoted and then failed must not be compared with its own champion.
  const evaluation =
    fixed?.value ??
    evaluate({ ...(await readRankings(objects, run, config)), config: config.evaluation });
  await objects.putIfAbsent(runs.evaluation(run), toJson(evaluation));
  const verdict = decide(evaluation, config.promotion);
  await objects.putJson(runs.verdict(run), verdict);
  logger.info('models evaluated', { run, winner: verdict.winner, promoted: verdict.promoted });
  return { promote: verdict.promoted, winner: verdict.winner };
});
