import { CompiledProgram } from './compiled-program.ts';
import { EagerProgram } from './eager-program.ts';
import type { Program, ProgramOptions, Steps } from './program.ts';

/**
 * Records the steps and makes one TensorFlow graph of them, with the variables in its session. The session starts
 * from the variables' present values; from then on they are apart, except in an eager program, which works on them.
 *
 * @throws {UntraceableError} if a step does something that a graph cannot repeat.
 * @throws {ValidationError} if a name or a shape cannot be part of a graph.
 * @throws {PipelineError} `GraphRejected` if TensorFlow does not accept the graph.
 */
export function compile<S extends Steps>(options: ProgramOptions<S>): Program<S> {
  const program = options.runEagerly ? new EagerProgram(options) : new CompiledProgram(options);
  return program as unknown as Program<S>;
}
