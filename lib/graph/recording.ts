import type * as tf from '@tensorflow/tfjs-core';
import type { AttributeValue } from './graph-definition.ts';

/** An in-place update of variables by one operation of TensorFlow (`ResourceApplyAdam`). */
export interface InPlaceUpdate {
  readonly operation: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Their handles are the operation's first inputs. */
  readonly variables: readonly tf.Variable[];
  /** The inputs that follow. */
  readonly operands: readonly tf.Tensor[];
  /** The same update written with ordinary operations that end in `variable.assign`. */
  readonly eager: () => void;
}

/** What a step's operations can ask of the recording that they are part of. */
export interface Recording {
  updateInPlace(update: InPlaceUpdate): void;
  runAfter<T>(previous: tf.Tensor, body: () => T): T;
  afterUpdates<T>(body: () => T): T;
}

/** The recording of the step that runs now. A step is synchronous, so there is at most one. */
let active: Recording | undefined;

/** Whether a step is being recorded. */
export function isRecording(): boolean {
  return active !== undefined;
}

/** Runs `body` as part of a recording. */
export function within<T>(recording: Recording, body: () => T): T {
  active = recording;
  try {
    return body();
  } finally {
    active = undefined;
  }
}

/**
 * Updates variables in place where a step is recorded, and by ordinary operations elsewhere. Values of the
 * variables that were taken before and not yet used cannot be used after it in a recorded step.
 */
export function updateInPlace(update: InPlaceUpdate): void {
  if (active === undefined) update.eager();
  else active.updateInPlace(update);
}

/**
 * Runs `body`; in a recorded step, its operations run after all variables that were updated so far, so that what those updates
 * took in memory is free again.
 */
export function afterUpdates<T>(body: () => T): T {
  return active === undefined ? body() : active.afterUpdates(body);
}

/**
 * Runs `body`; in a recorded step, its operations run after the one that computed `previous`, although they do not
 * use it. Without that, TensorFlow may compute all that is possible at once, and hold all of it in memory.
 */
export function runAfter<T>(previous: tf.Tensor | undefined, body: () => T): T {
  if (active === undefined || previous === undefined) return body();
  return active.runAfter(previous, body);
}
