import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { nightsUnpromoted } from '#lib/promotion/nights.ts';
import { decide } from '#lib/promotion/verdict.ts';
import { toJson } from '#platform/objects.ts';
import { readChampion } from './champion.ts';
import { judge } from './judge.ts';
import { scoreArrived } from './prequential.ts';
import { remarks } from './remarks.ts';

const objects = dataBucket();

/** Compares the trained models with each other, the baselines and the champion, and decides about promotion. */
export const handler = instrument(
  z.strictObject({ run: runName }),
  async ({ run }, { logger, metrics }) => {
    const config = await readRunConfig(objects, run);
    const fixed = await objects.getVersion(runs.evaluation(run), evaluationFile);
    const rival = await readChampion(objects, run);
    const { champion, unusable } = rival;
    // An attempt that promoted and then failed must not be compared with its own champion.
    const evaluation = fixed?.value ?? (await judge(objects, run, config, champion));
    await objects.putIfAbsent(runs.evaluation(run), toJson(evaluation));
    const decided = decide(evaluation, config.promotion);
    const nights = await scoreArrived(objects, run, config, rival);
    const verdict = remarks(decided, nights, config, unusable);
    const lags = verdict.trend?.word === 'worse';
    metrics.addMetric('ChampionLags', MetricUnit.Count, lags ? 1 : 0);
    const unpromoted = nightsUnpromoted(nights, verdict.promoted);
    metrics.addMetric('NightsWithoutPromotion', MetricUnit.Count, unpromoted);
    metrics.addMetric('ChampionUnusable', MetricUnit.Count, unusable === undefined ? 0 : 1);
    await objects.putJson(runs.verdict(run), verdict);
    logger.info('models evaluated', { run, winner: verdict.winner, promoted: verdict.promoted });
    return { promote: verdict.promoted, winner: verdict.winner };
  },
);
