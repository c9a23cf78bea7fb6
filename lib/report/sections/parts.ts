import type { PipelineConfig } from '#lib/contracts/config.ts';
import { type Evaluation, primaryMetric } from '#lib/evaluation/evaluation-file.ts';
import { comparisonOf } from '#lib/promotion/candidates.ts';
import { differenceInNumbers, wordOf } from '#lib/promotion/words.ts';
import { dataTable } from '../data-table.ts';
import { metric, metricName, signed } from '../format.ts';
import { type Html, html } from '../html.ts';
import { partRows } from '../parts.ts';

/** The rival that has everything a network is joined with, but no network. */
const withoutNetwork = 'all-x-recent';
/** What two models may differ in and be twins, as it is called. */
const twinKeys = { lea: 'the LLM environment', text: 'item texts' } as const;

/** What each part of the trained models added, on the same cases; undefined where none is joined from parts. */
export function partsSection(
  evaluation: Evaluation,
  { training }: PipelineConfig,
): Html | undefined {
  const rows = partRows(evaluation);
  const twins = twinSentences(evaluation, training.models);
  if (rows.length === 0 && twins.length === 0) return undefined;
  const names = evaluation.models.map(({ name }) => name);
  const shown = names.filter((name) => rows.some(({ values }) => values.has(name)));
  const rival = evaluation.baselines.find(({ name }) => name === withoutNetwork);
  return html`${
    rows.length > 0 &&
    dataTable(
      `Test ${metricName(primaryMetric)}, one part more in each line`,
      [{ title: 'model', isLong: true }, ...shown.map((name) => ({ title: name, isNumber: true }))],
      rows.map(({ label, values }, at) => [
        label,
        ...shown.map((name) => {
          const own = values.get(name);
          if (own === undefined) return '';
          const before = rows.slice(0, at).findLast((row) => row.values.has(name));
          const gain = before && signed(own - before.values.get(name)!);
          return html`${metric(own)}${gain !== undefined && html`<br><small>${gain}</small>`}`;
        }),
      ]),
    )
  }
<ul>${rival && html`<li>The same without a network (the rival ${rival.name}): ${metric(rival.metrics[primaryMetric]?.value ?? 0)}.</li>`}${twins.map((sentence) => html`<li>${sentence}</li>`)}</ul>
<p><small>Each step has weights of its own, learned on the validation cases. The order in which parts are added decides what each seems to add.</small></p>`;
}

/** Models that differ in nothing but the environment, or their items' texts. */
function twinSentences(
  evaluation: Evaluation,
  models: PipelineConfig['training']['models'],
): string[] {
  type Model = (typeof models)[number];
  const without = (model: Model, key: string) =>
    JSON.stringify(
      Object.entries({ ...model, name: '', seed: undefined, [key]: undefined })
        .filter(([, value]) => value !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return (Object.keys(twinKeys) as (keyof typeof twinKeys)[]).flatMap((key) =>
    models
      .filter((model) => model[key] !== undefined)
      .flatMap((model) =>
        models
          .filter(
            (other) => other[key] === undefined && without(other, key) === without(model, key),
          )
          .map((other) => {
            const found = comparisonOf(evaluation, model.name, other.name);
            return `${twinKeys[key]} (${model.name} against its twin ${other.name}): ${wordOf(found)}, ${differenceInNumbers(found, evaluation.confidence)}.`;
          }),
      ),
  );
}
