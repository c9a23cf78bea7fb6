import {
  championLabel,
  type Evaluation,
  type MetricEstimates,
  primaryMetric,
} from '#lib/evaluation/evaluation-file.ts';
import type { Verdict } from '#lib/promotion/verdict.ts';
import { seriesLook } from './charts/axis.ts';

/** Everybody who was ranked on the test cases, told in one way. */
export interface RankerRow {
  readonly name: string;
  readonly kind: 'model' | 'rival' | 'champion';
  /** What it is, in a few words. */
  readonly about: string;
  /** Class of its colour, the same in every section. */
  readonly look: string;
  /** Whether it became the champion tonight. */
  readonly isPromoted: boolean;
  /** Test metrics. */
  readonly metrics: MetricEstimates;
  /** Primary metric on the validation cases; undefined for the champion. */
  readonly validation: number | undefined;
}

/** Classes of the colours of models, by name; they are the same wherever a model is drawn. */
export function modelLooks(models: readonly { readonly name: string }[]): Map<string, string> {
  return new Map(models.map(({ name }, index) => [name, seriesLook(index)]));
}

/** Models, rivals and the champion, the best on the test cases first. */
export function rankerRows(evaluation: Evaluation, verdict: Verdict): RankerRow[] {
  const looks = modelLooks(evaluation.models);
  const isPromoted = (name: string) => verdict.promoted && name === verdict.winner;
  const rows: RankerRow[] = [
    ...evaluation.models.map(({ name, backbone, objective, metrics, validation }) => ({
      name,
      kind: 'model' as const,
      about: `${backbone}, ${objective}`,
      look: looks.get(name)!,
      isPromoted: isPromoted(name),
      metrics,
      validation: validation[primaryMetric]?.value,
    })),
    ...evaluation.baselines.map(({ name, metrics, validation }) => ({
      name,
      kind: 'rival' as const,
      about: 'rival',
      look: 'rival',
      isPromoted: isPromoted(name),
      metrics,
      validation: validation[primaryMetric]?.value,
    })),
  ];
  if (evaluation.champion !== undefined) {
    const { run, name, metrics } = evaluation.champion;
    rows.push({
      name: championLabel,
      kind: 'champion',
      about: `${name} of run ${run}`,
      look: 'champion',
      isPromoted: false,
      metrics,
      validation: undefined,
    });
  }
  const score = (row: RankerRow) => row.metrics[primaryMetric]?.value ?? 0;
  return rows.sort((a, b) => score(b) - score(a));
}
