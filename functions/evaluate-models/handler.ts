import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRenewal } from '#functions/shared/renewal.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { decide } from '#lib/promotion/verdict.ts';
import { toJson } from '#platform/json.ts';
import { readChampion } from './champion.ts';
import { judge } from './judge.ts';
import { measure } from './measure.ts';
import { scoreArrived } from './prequential.ts';
import { remarks } from './remarks.ts';
import { recordTrial } from './trial.ts';

const objects = dataBucket();

/** Compares the trained models with each other, the baselines and the champion, and decides about promotion. */
export const handler = instrument(
  z.strictObject({ run: runName }),
  async ({ run }, { logger, metrics }) => {
    const config = await readRunConfig(objects, run);
    const fixed = await objects.getVersion(runs.evaluation(run), evaluationFile);
    const rival = await readChampion(objects, run);
    // An attempt that promoted and then failed must not be compared with its own champion.
    const evaluation = fixed?.value ?? (await judge(objects, run, config, rival.champion));
    await objects.putIfAbsent(runs.evaluation(run), toJson(evaluation));
    const trial = await recordTrial(objects, run, config, evaluation, new Date());
    if (trial !== undefined) logger.info('environment tried', { run, pays: trial.pays });
    const nights = await scoreArrived(objects, run, config, rival);
    const known = { ...rival, renewal: await readRenewal(objects, run) };
    const verdict = remarks(decide(evaluation, config.promotion), nights, config, known);
    measure(metrics, verdict, nights, rival.unusable);
    await objects.putJson(runs.verdict(run), verdict);
    logger.info('models evaluated', { run, winner: verdict.winner, promoted: verdict.promoted });
    return { promote: verdict.promoted, winner: verdict.winner };
  },
);
