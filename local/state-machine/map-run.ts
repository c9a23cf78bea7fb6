import { createHash } from 'node:crypto';
import type { StateError } from './errors.ts';
import type { Json } from './payload.ts';
import type { Visit } from './visit.ts';

/** An item of a Map state. */
export interface SelectedItem {
  /** As it was read: `$states.context.Map.Item.Value`. */
  readonly value: Json;
  /** What the item processor gets. */
  readonly selected: Json;
}

/** One run of a distributed Map state. */
export interface MapRun {
  readonly arn: string;
  /** Names the run in S3 keys; the same for the same visit of the same execution. */
  readonly id: string;
  readonly stateMachineArn: string;
}

/** A child execution of a distributed Map state, filled in as it goes on. */
export interface ChildExecution {
  readonly arn: string;
  readonly name: string;
  readonly stateMachineArn: string;
  readonly input: Json;
  /** PENDING: not started, or stopped on the way. */
  status: 'PENDING' | 'SUCCEEDED' | 'FAILED';
  output?: Json;
  error?: StateError;
  startDate?: string;
  stopDate?: string;
}

/** A new run; every retry and every further visit of a state has one of its own. */
export function beginMapRun(label: string, visit: Visit): MapRun {
  const { execution, services } = visit.frame;
  const runs = services.mapRuns.get(visit.path) ?? 0;
  services.mapRuns.set(visit.path, runs + 1);
  const id = uuidFrom(`${execution.id}/${visit.path}/${runs}`);
  return {
    arn: `${execution.stateMachineId.replace(':stateMachine:', ':mapRun:')}/${label}:${id}`,
    id,
    stateMachineArn: `${execution.stateMachineId}/${label}`,
  };
}

/** A child execution before it starts. */
export function pendingChild(run: MapRun, input: Json, index: number): ChildExecution {
  const name = uuidFrom(`${run.id}/${index}`);
  return {
    arn: `${run.stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`,
    name,
    stateMachineArn: run.stateMachineArn,
    input,
    status: 'PENDING',
  };
}

/** A UUID that depends on the text alone. */
function uuidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
