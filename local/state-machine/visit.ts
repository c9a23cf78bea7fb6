import type { StatesBlock } from './definition-schema.ts';
import { StateError } from './errors.ts';
import type { EventDetail, ExecutionEvent } from './events.ts';
import type { ExpressionEvaluator } from './expression.ts';
import type { ObjectReaderWriter } from './objects.ts';
import { assertWithinLimit, type Json } from './payload.ts';
import type { TaskResource } from './resources.ts';
import type { VariableScope } from './variables.ts';

/** What the states of all executions of a run share. */
export interface Services {
  /** Handlers by ARN in the partition `aws`. */
  readonly resources: ReadonlyMap<string, TaskResource>;
  readonly objects: ObjectReaderWriter;
  readonly evaluator: ExpressionEvaluator;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly emit: (event: ExecutionEvent) => void;
  /** Task handlers that have not settled yet. */
  readonly running: Set<Promise<unknown>>;
  /** Runs of distributed Map states so far, by the state's path. */
  readonly mapRuns: Map<string, number>;
  /** Runs states from `StartAt` to an end; gives the last one's output. */
  readonly runStates: (block: StatesBlock, input: Json, frame: Frame) => Promise<Json>;
}

/** `$states.context.Execution` and `$states.context.StateMachine` of one execution. */
export interface Execution {
  readonly name: string;
  readonly id: string;
  readonly input: Json;
  readonly startTime: string;
  readonly stateMachineId: string;
  readonly stateMachineName: string;
}

/** `$states.context.Map.Item`. */
export interface MapItem {
  readonly Index: number;
  readonly Value: Json;
}

/** Where states run: the execution, and within it the branch or iteration. */
export interface Frame {
  readonly services: Services;
  readonly execution: Execution;
  readonly variables: VariableScope;
  readonly signal: AbortSignal;
  /** Path of the iteration or branch, empty at the top. */
  readonly path: string;
  readonly mapItem?: MapItem | undefined;
}

/** What expressions may see besides input, context and variables. */
export interface ExpressionExtras {
  readonly result?: Json;
  readonly errorOutput?: Json;
  readonly mapItem?: MapItem;
}

/** A state's end: its output, and the state that follows or undefined at the end. */
export interface Outcome {
  readonly output: Json;
  readonly next: string | undefined;
}

/** One visit to a state, all its retries included. */
export class Visit {
  readonly frame: Frame;
  readonly stateName: string;
  readonly stateType: string;
  readonly input: Json;
  /** The state's path, see `ExecutionEvent`. */
  readonly path: string;
  readonly enteredAt = Date.now();
  retryCount = 0;

  constructor(frame: Frame, stateName: string, stateType: string, input: Json) {
    this.frame = frame;
    this.stateName = stateName;
    this.stateType = stateType;
    this.input = input;
    this.path = frame.path === '' ? stateName : `${frame.path}.${stateName}`;
  }

  emit(detail: EventDetail): void {
    this.frame.services.emit({
      ...detail,
      time: Date.now(),
      execution: this.frame.execution.name,
      path: this.path,
      state: this.stateName,
      stateType: this.stateType,
    });
  }

  /**
   * A template's value in this state.
   *
   * @throws StateError `States.QueryEvaluationError`
   */
  evaluate(template: Json, field: string, extras: ExpressionExtras = {}): Promise<Json> {
    const { mapItem = this.frame.mapItem, ...fields } = extras;
    const states = { input: this.input, context: this.#context(mapItem), ...fields };
    const bindings = { ...this.frame.variables.visible(), states };
    return this.frame.services.evaluator.evaluate(template, bindings, `${this.path}.${field}`);
  }

  /**
   * The value of a field that is a number or an expression for one.
   *
   * @throws StateError `States.QueryEvaluationError` when it is not a number in the range
   */
  async evaluateNumber(
    value: number | string,
    field: string,
    range: { readonly least: number; readonly most?: number; readonly whole?: boolean },
  ): Promise<number> {
    const number = await this.evaluate(value, field);
    const { least, most = 99_999_999, whole = true } = range;
    if (
      typeof number !== 'number' ||
      number < least ||
      number > most ||
      (whole && !Number.isInteger(number))
    ) {
      const kind = whole ? 'a whole number' : 'a number';
      throw this.unexpected(field, `${kind} from ${least} to ${most}`, number);
    }
    return number;
  }

  /** The error of a field whose value is of the wrong kind. */
  unexpected(field: string, expected: string, value: Json): StateError {
    const shown = JSON.stringify(value);
    return new StateError(
      'States.QueryEvaluationError',
      `The field '${this.path}.${field}' must give ${expected}, not ` +
        `${shown.length > 200 ? `${shown.slice(0, 200)}...` : shown}.`,
    );
  }

  /**
   * Ends a state: evaluates `Output` and `Assign`, both with the variables as they were, and assigns.
   *
   * @param otherwise the output without `Output`
   */
  async complete(
    fields: {
      readonly Output?: Json | undefined;
      readonly Assign?: Record<string, Json> | undefined;
    },
    otherwise: Json,
    extras: ExpressionExtras = {},
    prefix = '',
  ): Promise<Json> {
    const output =
      fields.Output === undefined
        ? otherwise
        : await this.evaluate(fields.Output, `${prefix}Output`, extras);
    const assigned =
      fields.Assign === undefined
        ? {}
        : ((await this.evaluate(fields.Assign, `${prefix}Assign`, extras)) as Record<string, Json>);
    assertWithinLimit(output, `The output of the state '${this.path}'`);
    assertWithinLimit(assigned, `What the state '${this.path}' assigns to variables`);
    this.frame.variables.assign(assigned);
    return output;
  }

  #context(mapItem: MapItem | undefined): Json {
    const { execution } = this.frame;
    return {
      Execution: {
        Id: execution.id,
        Input: execution.input,
        Name: execution.name,
        RedriveCount: 0,
        RoleArn: 'arn:aws:iam::000000000000:role/local',
        StartTime: execution.startTime,
      },
      State: {
        EnteredTime: new Date(this.enteredAt).toISOString(),
        Name: this.stateName,
        RetryCount: this.retryCount,
      },
      StateMachine: { Id: execution.stateMachineId, Name: execution.stateMachineName },
      ...(mapItem === undefined
        ? {}
        : { Map: { Item: { Index: mapItem.Index, Value: mapItem.Value } } }),
    };
  }
}
