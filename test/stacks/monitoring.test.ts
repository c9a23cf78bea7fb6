import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alarms, deployedCounts } from '#stacks/alarms.ts';
import { reportedMetrics } from './reported-metrics.ts';
import { root, synthesise } from './synthesis.ts';

const synthesis = synthesise({
  operations: { monthlyBudgetUsd: 42, serving: { impressions: {} } },
});
const template = synthesis.template('monitoring');
/** Those that take a release back are where it is made. */
const found = (['monitoring', 'serving'] as const).flatMap((part) =>
  Object.values(synthesis.template(part).findResources('AWS::CloudWatch::Alarm')),
);
const named = (name: string) =>
  found.find((alarm) => alarm.Properties.AlarmName === `lea-dev-${name}`)!.Properties;

/** The metrics that an alarm watches. */
interface Watched {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}
const watchedBy = (alarm: (typeof found)[number]): Watched[] => {
  const { Metrics, ...single } = alarm.Properties;
  if (Metrics === undefined) return [single as Watched];
  return (Metrics as { MetricStat?: { Metric: Watched } }[]).flatMap(
    ({ MetricStat }) => MetricStat?.Metric ?? [],
  );
};

describe('Stack: monitoring', () => {
  it('raises exactly the alarms that the list names, each with what it means', () => {
    const names = found.map((alarm) => alarm.Properties.AlarmName.replace('lea-dev-', ''));
    expect(names.sort()).toStrictEqual(Object.keys(alarms).sort());
    for (const [name, meaning] of Object.entries(alarms)) {
      expect(named(name).AlarmDescription).toContain(meaning);
      expect(named(name).AlarmDescription).toContain(`docs/runbook.md#${name}`);
    }
  });

  it('tells people of every alarm', () => {
    for (const { Properties } of found) {
      expect(Properties.ActionsEnabled, Properties.AlarmName).toBe(true);
      expect(Properties.AlarmActions, Properties.AlarmName).toHaveLength(1);
      expect(Properties.OKActions, Properties.AlarmName).toStrictEqual(Properties.AlarmActions);
    }
  });

  it('has a section of the runbook for each alarm, and none for others', () => {
    const path = join(root, 'docs/runbook.md');
    expect(existsSync(path)).toBe(true);
    const headings = [...readFileSync(path, 'utf8').matchAll(/^### ([a-z-]+)$/gm)];
    expect(headings.map(([, name]) => name).sort()).toStrictEqual(Object.keys(alarms).sort());
  });

  it('misses a success when there is no data at all', () => {
    expect(named('no-recent-success')).toMatchObject({
      TreatMissingData: 'breaching',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 6,
      DatapointsToAlarm: 6,
    });
  });

  it('misses no success of hours in which nothing was deployed yet', () => {
    const { Metrics, EvaluationPeriods } = named('no-recent-success');
    const [math, ...looked] = Metrics.toSorted((a: { Expression?: string }) =>
      a.Expression === undefined ? 1 : -1,
    );
    expect(math.Expression).toBe('IF(FILL(alive, 0) > 0, FILL(succeeded, 0), 1)');
    const names = looked.map(
      ({ MetricStat }: { MetricStat: { Metric: { MetricName: string } } }) =>
        MetricStat.Metric.MetricName,
    );
    expect(names.sort()).toStrictEqual(['ExecutionsSucceeded', 'Invocations']);
    // The alarm needs as many periods, all of them after the first deployment.
    expect(EvaluationPeriods * 6).toBe(36);
  });

  it.each([
    ['no-new-data', 'IF(FILL(alive, 0) > 0, FILL(taken, 0), 1)', 8],
    ['batch-missing', 'IF(FILL(alive, 0) > 0, FILL(missing, 1), 0)', 6],
  ])('%s asks for nothing before the deployment either', (name, expression, periods) => {
    const alarm = named(name);
    const expressions = alarm.Metrics.map((metric: { Expression?: string }) => metric.Expression);
    expect(expressions).toContain(expression);
    expect(alarm).toMatchObject({
      EvaluationPeriods: periods,
      DatapointsToAlarm: periods,
      TreatMissingData: 'notBreaching',
    });
  });

  it('watches for data and promotions as long as the configuration says, or not at all', () => {
    // Arrange
    const names = (limits: object) =>
      Object.values(
        synthesise({ operations: { alarms: limits } })
          .template('monitoring')
          .findResources('AWS::CloudWatch::Alarm'),
      ).map(({ Properties }) => [Properties.AlarmName, Properties] as const);
    // Act
    const long = new Map(names({ newDataHours: 168, nightsWithoutPromotion: 30, batchHours: 2 }));
    const none = new Map(names({ newDataHours: null, nightsWithoutPromotion: null }));
    // Assess: CloudWatch looks back seven days at most.
    expect(long.get('lea-dev-no-new-data')).toMatchObject({ EvaluationPeriods: 28 });
    expect(long.get('lea-dev-batch-missing')).toMatchObject({ EvaluationPeriods: 2 });
    expect(long.get('lea-dev-no-recent-promotion')).toMatchObject({
      Threshold: 30,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'ignore',
    });
    expect([...none.keys()]).not.toContain('lea-dev-no-new-data');
    expect([...none.keys()]).not.toContain('lea-dev-no-recent-promotion');
  });

  it('watches metrics of ours only that the function it names reports, by the name that it uses', () => {
    // Arrange
    const reported = reportedMetrics(root);
    // Act
    const own = found.flatMap((alarm) =>
      watchedBy(alarm)
        .filter(({ Namespace }) => Namespace === 'lea-dev')
        .map(({ MetricName, Dimensions }) => {
          const [service, ...more] = Dimensions;
          expect(service!.Name).toBe('service');
          expect(more.map(({ Name }) => Name)).toStrictEqual(
            MetricName === 'ChampionRefused' ? ['version'] : [],
          );
          return [alarm.Properties.AlarmName, service!.Value as string, MetricName] as const;
        }),
    );
    // Assess
    expect(own.length).toBeGreaterThan(10);
    const unheard = own.filter(([, service, metric]) => !reported.get(service)?.has(metric));
    expect(unheard).toStrictEqual([]);
  });

  it('measures the quarantined share, not a count', () => {
    const { Metrics, Threshold } = named('many-rows-quarantined');
    expect(Threshold).toBe(0.05);
    const expressions = Metrics.map((metric: { Expression?: string }) => metric.Expression);
    expect(expressions).toContain('IF(read > 0, quarantined / read, 0)');
  });

  it('looks at the share of recommendations that fail, and at the slowest of a hundred', () => {
    const metricOf = (name: string) => named(name).Metrics[0].MetricStat;
    expect(named('recommend-failing').Threshold).toBe(0.01);
    expect(metricOf('recommend-failing')).toMatchObject({
      Metric: { Namespace: 'AWS/Lambda', MetricName: 'Errors' },
      Stat: 'Average',
    });
    expect(named('recommend-slow').Threshold).toBe(1000);
    expect(metricOf('recommend-slow')).toMatchObject({
      Metric: { Namespace: 'AWS/Lambda', MetricName: 'Duration' },
      Stat: 'p99',
    });
  });

  it('takes what a run may cost from the configuration', () => {
    expect(named('run-over-budget')).toMatchObject({
      Threshold: 50,
      TreatMissingData: 'notBreaching',
    });
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: {
        BudgetLimit: { Amount: 42, Unit: 'USD' },
        CostFilters: { TagKeyValue: ['user:deployment$lea-dev'] },
      },
    });
    synthesise().template('monitoring').resourceCountIs('AWS::Budgets::Budget', 0);
  });

  it('counts what costs money at rest as lea cost does', () => {
    // Arrange
    const { alarmMetrics, customMetrics, polledQueues } = deployedCounts;
    const synthesis = synthesise();
    // Those that run every hour, whatever happens.
    const hourly = ['remove-idle-endpoints', 'recommend-batch'];
    const reported = reportedMetrics(root);
    // Act
    const always = found.filter(({ Properties }) => !/impressions/.test(Properties.AlarmName));
    const watched = always.flatMap(({ Properties }) =>
      (Properties.Metrics ?? [{ MetricStat: Properties.MetricName }]).filter(
        (metric: { MetricStat?: object }) => metric.MetricStat !== undefined,
      ),
    );
    const polling = (['data', 'environment', 'retraining', 'serving'] as const).flatMap((part) =>
      Object.keys(synthesis.template(part).findResources('AWS::Lambda::EventSourceMapping')),
    );
    // Assess
    expect(watched).toHaveLength(alarmMetrics);
    expect(polling).toHaveLength(polledQueues);
    expect(hourly.flatMap((name) => [...reported.get(name)!])).toHaveLength(customMetrics);
  });

  it('has one dashboard', () => {
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });
});
