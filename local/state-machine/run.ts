import { afterDelay, sleep as realSleep, untilAborted } from './cancellation.ts';
import { type LanguageCheck, loadDefinition } from './definition.ts';
import { ExecutionStopped, StateError } from './errors.ts';
import type { ExecutionEvent } from './events.ts';
import { ExpressionEvaluator } from './expression.ts';
import { runStates } from './interpreter.ts';
import type { ObjectReaderWriter } from './objects.ts';
import { type Json, toJson } from './payload.ts';
import { inStandardPartition, type TaskResources } from './resources.ts';
import { VariableScope } from './variables.ts';
import type { Services } from './visit.ts';

export type { ExecutionEvent } from './events.ts';
export type { ObjectReaderWriter } from './objects.ts';
export type { Json } from './payload.ts';
export type { TaskResources } from './resources.ts';

/** Longest time that tasks get to end after their signal was aborted. */
const DEFAULT_STOP_GRACE_MS = 10_000;

export interface ExecutionOptions {
  /** The state machine in the Amazon States Language, parsed from JSON. */
  readonly definition: unknown;
  readonly input: unknown;
  /** The execution's name, unique among the executions that write to the same places. */
  readonly name: string;
  readonly stateMachineName?: string;
  readonly resources: TaskResources;
  /** S3 for `ItemReader` and `ResultWriter`. */
  readonly objects: ObjectReaderWriter;
  /** Stops the execution, which then ends ABORTED. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ExecutionEvent) => void;
  /** Waits in Wait states and between retries; must reject when the signal is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Ends the execution when its `TimeoutSeconds` are over, unless disposed of before; by the clock unless given. */
  readonly afterDelay?: (ms: number, expire: () => void) => Disposable;
  /** A number in [0, 1), for jitter and `$random()`. */
  readonly random?: () => number;
  /** Milliseconds that tasks get to end after their signal was aborted. */
  readonly stopGraceMs?: number;
  /** Names problems in a definition that the runner's own checks let pass; asl-validator unless given. */
  readonly checkLanguage?: LanguageCheck;
}

export interface ExecutionResult {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** Only when it succeeded. */
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  /** The events of this execution itself; those of child executions went to `onEvent` only. */
  readonly history: readonly ExecutionEvent[];
}

/**
 * Runs a state machine as AWS Step Functions would (Standard workflow, query language JSONata).
 *
 * @throws DefinitionError when the definition is wrong or asks for something that the runner or `resources` lacks
 */
export async function runStateMachine(options: ExecutionOptions): Promise<ExecutionResult> {
  const resources = new Map(
    Object.entries(options.resources).map(([arn, run]) => [inStandardPartition(arn), run]),
  );
  const definition = loadDefinition(
    options.definition,
    new Set(resources.keys()),
    options.checkLanguage,
  );
  const input = toJson(options.input);
  const random = options.random ?? Math.random;
  const history: ExecutionEvent[] = [];
  const services: Services = {
    resources,
    objects: options.objects,
    evaluator: new ExpressionEvaluator(random),
    random,
    sleep: (ms, signal) => (options.sleep ?? realSleep)(ms, signal),
    emit: (event) => {
      if (event.execution === options.name) history.push(event);
      options.onEvent?.(event);
    },
    running: new Set(),
    mapRuns: new Map(),
    runStates,
  };
  const stateMachineName = options.stateMachineName ?? 'local';
  const stateMachineId = `arn:aws:states:local:000000000000:stateMachine:${stateMachineName}`;

  const stop = new AbortController();
  const onAbort = () => {
    const reason = options.signal?.reason;
    const cause = reason instanceof Error ? reason.message : String(reason);
    stop.abort(new ExecutionStopped('ABORTED', `The execution was stopped: ${cause}`));
  };
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const seconds = definition.TimeoutSeconds;
  using _timeout =
    seconds === undefined
      ? null
      : (options.afterDelay ?? afterDelay)(seconds * 1000, () =>
          stop.abort(
            new ExecutionStopped(
              'TIMED_OUT',
              `The execution took longer than the state machine's TimeoutSeconds, ${seconds}.`,
            ),
          ),
        );

  try {
    const output = await untilAborted(
      runStates(definition, input, {
        services,
        execution: {
          name: options.name,
          id: `arn:aws:states:local:000000000000:execution:${stateMachineName}:${options.name}`,
          input,
          startTime: new Date().toISOString(),
          stateMachineId,
          stateMachineName,
        },
        variables: new VariableScope(),
        signal: stop.signal,
        path: '',
      }),
      stop.signal,
    );
    return { status: 'SUCCEEDED', output, history };
  } catch (error) {
    if (error instanceof ExecutionStopped) {
      const name = error.status === 'TIMED_OUT' ? { error: 'States.Timeout' } : {};
      return { status: error.status, ...name, cause: error.causeText, history };
    }
    if (!(error instanceof StateError)) throw error;
    return {
      status: 'FAILED',
      ...(error.error === undefined ? {} : { error: error.error }),
      ...(error.causeText === undefined ? {} : { cause: error.causeText }),
      history,
    };
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await settle(services.running, options.stopGraceMs ?? DEFAULT_STOP_GRACE_MS);
  }
}

/** Waits until all work has ended, for a limited time: a task may not heed its signal. */
async function settle(running: ReadonlySet<Promise<unknown>>, graceMs: number): Promise<void> {
  if (running.size === 0) return;
  const { promise: graceIsOver, resolve } = Promise.withResolvers<void>();
  using _grace = afterDelay(graceMs, resolve);
  await Promise.race([Promise.allSettled(running), graceIsOver]);
}
