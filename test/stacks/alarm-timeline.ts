/** A metric's value in each period; undefined where nothing was reported. */
export type Series = readonly (number | undefined)[];

/** What of an alarm's template decides when it rings. */
export interface TimedAlarm {
  readonly Metrics: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly ReturnData?: boolean;
    readonly MetricStat?: { readonly Metric: { readonly MetricName: string } };
  }[];
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly TreatMissingData: string;
}

/**
 * In which periods an alarm rings, by CloudWatch's documentation of metric math and of missing data
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, alarms-and-missing-data.html): an
 * operation on a missing value is missing, FILL puts a value in its place, and what is still missing counts as
 * `TreatMissingData` says.
 *
 * @param reported by the metrics' names, or by their ids in the expression; all of one length
 */
export function ringing(alarm: TimedAlarm, reported: Readonly<Record<string, Series>>): boolean[] {
  const { Metrics, EvaluationPeriods, DatapointsToAlarm } = alarm;
  const byId = new Map(
    Metrics.flatMap(({ Id, MetricStat }) => {
      if (MetricStat === undefined) return [];
      const { MetricName } = MetricStat.Metric;
      const series = reported[Id] ?? reported[MetricName];
      if (series === undefined) throw new Error(`Say what ${MetricName} reports.`);
      return [[Id, series] as const];
    }),
  );
  const returned = Metrics.find(({ ReturnData }) => ReturnData !== false)!;
  const expression = returned.Expression ?? returned.Id;
  const length = Object.values(reported)[0]!.length;
  const breaching = Array.from({ length }, (_, period) =>
    isBreaching(alarm, evaluate(expression, byId, period)),
  );
  return breaching.map((_, period) => {
    // Before the first period that is given there is nothing, as in all of those.
    const looked = Array.from({ length: EvaluationPeriods }, (_, back) => breaching[period - back]);
    const bad = looked.filter((one) => one ?? isBreaching(alarm, undefined));
    return bad.length >= DatapointsToAlarm;
  });
}

function isBreaching(
  { Threshold, ComparisonOperator, TreatMissingData }: TimedAlarm,
  value: number | undefined,
): boolean {
  if (value === undefined) return TreatMissingData === 'breaching';
  switch (ComparisonOperator) {
    case 'LessThanThreshold':
      return value < Threshold;
    case 'GreaterThanThreshold':
      return value > Threshold;
    default:
      throw new Error(`${ComparisonOperator} is not known here.`);
  }
}

/** The value of an expression in one period: numbers, names, `IF`, `FILL`, `>`, `+` and `/`. */
function evaluate(
  text: string,
  byId: ReadonlyMap<string, Series>,
  period: number,
): number | undefined {
  const tokens = text.match(/[A-Za-z]\w*|[\d.]+|[(),>+/]/g) ?? [];
  let at = 0;
  const take = (expected?: string): string => {
    const token = tokens[at++];
    if (token === undefined || (expected !== undefined && token !== expected)) {
      throw new Error(`"${text}" is not understood at ${token ?? 'its end'}.`);
    }
    return token;
  };
  const binary = (
    left: number | undefined,
    right: number | undefined,
    of2: (a: number, b: number) => number,
  ) => (left === undefined || right === undefined ? undefined : of2(left, right));
  const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
    '>': (a, b) => Number(a > b),
    '+': (a, b) => a + b,
    '/': (a, b) => a / b,
  };
  function sum(): number | undefined {
    let left = term();
    while (tokens[at] !== undefined && operators[tokens[at]!] !== undefined) {
      const operator = operators[take()]!;
      left = binary(left, term(), operator);
    }
    return left;
  }
  function call(): (number | undefined)[] {
    take('(');
    const found = [sum()];
    while (tokens[at] === ',') {
      take(',');
      found.push(sum());
    }
    take(')');
    return found;
  }
  function term(): number | undefined {
    const token = take();
    if (/^[\d.]+$/.test(token)) return Number(token);
    if (token === 'FILL') {
      const [value, filler] = call();
      return value ?? filler;
    }
    if (token === 'IF') {
      const [condition, yes, no] = call();
      return condition === undefined ? undefined : condition > 0 ? yes : no;
    }
    const series = byId.get(token);
    if (series === undefined) throw new Error(`"${text}" has no metric ${token}.`);
    return series[period];
  }
  const value = sum();
  if (at < tokens.length) throw new Error(`"${text}" goes on after its end.`);
  return value;
}
