import type { MapState } from '../definition-schema.ts';
import { StateError } from '../errors.ts';
import { batchItems } from '../item-batcher.ts';
import { beginMapRun, type ChildExecution, pendingChild, type SelectedItem } from '../map-run.ts';
import { assertWithinLimit, type Json } from '../payload.ts';
import { runPool } from '../pool.ts';
import { presentResults, writeResults } from '../result-writer.ts';
import { VariableScope } from '../variables.ts';
import type { Frame, Visit } from '../visit.ts';

/** Children that a distributed Map state runs at once at most, whatever `MaxConcurrency` says. */
const DISTRIBUTED_CONCURRENCY = 10_000;

/**
 * Runs every item, or batch of items, as an execution of its own, which sees no variable of this one. Failed
 * children do no harm up to the tolerated number or share of items.
 *
 * @throws StateError `States.ExceedToleratedFailureThreshold` beyond that, after the results have been written
 */
export async function runDistributedMap(
  state: MapState,
  items: readonly SelectedItem[],
  visit: Visit,
): Promise<Json> {
  const asked = await visit.evaluateNumber(state.MaxConcurrency ?? 0, 'MaxConcurrency', {
    least: 0,
  });
  const concurrency =
    asked === 0 ? DISTRIBUTED_CONCURRENCY : Math.min(asked, DISTRIBUTED_CONCURRENCY);
  const tolerates = await failureTolerance(state, items.length, visit);
  const inputs = await batchItems(state.ItemBatcher, items, visit);
  for (const { input } of inputs) {
    assertWithinLimit(input, `What the state '${visit.path}' hands to a child execution`);
  }
  const run = beginMapRun(state.Label ?? visit.stateName, visit);
  const children = inputs.map(({ input }, index) => pendingChild(run, input, index));

  let done = 0;
  let failed = 0;
  let failure: unknown;
  visit.emit({ type: 'map-progress', done, failed, total: items.length });
  try {
    await runPool(children.length, concurrency, visit.frame.signal, async (index, signal) => {
      const child = children[index]!;
      await runChild(state, child, index, visit, signal);
      const { itemCount } = inputs[index]!;
      if (child.status === 'FAILED') failed += itemCount;
      else done += itemCount;
      visit.emit({ type: 'map-progress', done, failed, total: items.length });
      if (!tolerates(failed)) {
        throw new StateError(
          'States.ExceedToleratedFailureThreshold',
          `The specified tolerated failure threshold was exceeded: ${failed} of ${items.length} items ` +
            `failed in the state '${visit.path}'. ${describeFirstFailure(children)}`,
        );
      }
    });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    failure = error;
  }
  const location =
    state.ResultWriter?.Resource === undefined
      ? undefined
      : await writeResults(state.ResultWriter, children, run, visit);
  if (failure !== undefined) throw failure;
  return location ?? presentResults(state.ResultWriter, children);
}

/** Is this number of failed items still tolerated? None is unless the state says so. */
async function failureTolerance(
  state: MapState,
  total: number,
  visit: Visit,
): Promise<(failed: number) => boolean> {
  const { ToleratedFailureCount: count, ToleratedFailurePercentage: percentage } = state;
  const mostByCount =
    count === undefined
      ? undefined
      : await visit.evaluateNumber(count, 'ToleratedFailureCount', { least: 0 });
  const mostByPercentage =
    percentage === undefined
      ? undefined
      : await visit.evaluateNumber(percentage, 'ToleratedFailurePercentage', {
          least: 0,
          most: 100,
          whole: false,
        });
  if (mostByCount === undefined && mostByPercentage === undefined) return (failed) => failed === 0;
  return (failed) =>
    failed <= (mostByCount ?? total) && failed * 100 <= (mostByPercentage ?? 100) * total;
}

async function runChild(
  state: MapState,
  child: ChildExecution,
  index: number,
  visit: Visit,
  signal: AbortSignal,
): Promise<void> {
  const { frame } = visit;
  const startDate = new Date().toISOString();
  child.startDate = startDate;
  const childFrame: Frame = {
    services: frame.services,
    execution: {
      ...frame.execution,
      name: child.name,
      id: child.arn,
      input: child.input,
      startTime: startDate,
    },
    variables: new VariableScope(),
    signal,
    path: `${visit.path}[${index}]`,
  };
  try {
    child.output = await frame.services.runStates(state.ItemProcessor, child.input, childFrame);
    child.status = 'SUCCEEDED';
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    child.status = 'FAILED';
    child.error = error;
  }
  child.stopDate = new Date().toISOString();
}

function describeFirstFailure(children: readonly ChildExecution[]): string {
  const error = children.find((child) => child.status === 'FAILED')?.error;
  return error === undefined ? '' : `The first: ${error.error}: ${error.causeText ?? 'no cause'}`;
}
