/** What a function's process is started with, as JSON in its first argument. */
export interface WorkerSettings {
  /** Folder of the bundled code. */
  readonly codeDir: string;
  /** As in the template, for example `index.handler`. */
  readonly handler: string;
}

/** From the parent to the worker: one invocation. */
export interface InvocationRequest {
  readonly requestId: string;
  /** The event as JSON. */
  readonly payload: string;
  readonly functionArn: string;
  readonly memoryMegabytes: string;
  /** When Lambda would give up, in Unix milliseconds. */
  readonly deadline: number;
}

/** From the worker to the parent: what came of it. */
export type InvocationResponse =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: FunctionError };

/** Lambda's form of an error that a function threw. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}
