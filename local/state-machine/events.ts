/** What every event says. */
interface EventBase {
  /** Unix milliseconds. */
  readonly time: number;
  /** Name of the execution: of the state machine's own, or of a child that a distributed Map state started. */
  readonly execution: string;
  /** The state's place, e.g. `TrainRecommenders[1].Train`: states in states are joined by dots. */
  readonly path: string;
  /** The state's name. */
  readonly state: string;
  readonly stateType: string;
}

/** What happens in an execution, in the order in which it happens. Payloads are left out: they may be large. */
export type ExecutionEvent =
  | (EventBase & { readonly type: 'state-entered' })
  | (EventBase & { readonly type: 'state-exited'; readonly seconds: number })
  | (EventBase & {
      readonly type: 'state-retried';
      readonly error: string | undefined;
      readonly cause: string | undefined;
      /** Retries so far, this one included. */
      readonly retryCount: number;
      readonly delaySeconds: number;
    })
  | (EventBase & {
      readonly type: 'state-failed';
      readonly error: string | undefined;
      readonly cause: string | undefined;
      /** The state that the error leads to; undefined when nothing catches it here. */
      readonly caughtBy: string | undefined;
    })
  | (EventBase & {
      readonly type: 'map-progress';
      /** Items that have ended well. */
      readonly done: number;
      /** Items that have failed for good. */
      readonly failed: number;
      readonly total: number;
    });

/** An event before its time and place are added. */
export type EventDetail = ExecutionEvent extends infer Event
  ? Event extends ExecutionEvent
    ? Omit<Event, keyof EventBase>
    : never
  : never;
