/** One command of `lea`. Its module loads at once: what takes time to load is imported by the work. */
export interface Command {
  readonly usage: string;
  /** What the set-up has to have made ready, besides the pinned Node.js. */
  readonly needs: readonly ('TensorFlow' | 'Python')[];
  /**
   * Checks the arguments; nothing is done, made ready or deleted before they are right.
   *
   * @returns the work, which gives the exit code
   * @throws UsageError for options that the command does not have, or that are missing or repeated
   * @throws PipelineError for what can be seen to be wrong in what they name
   */
  prepare(args: readonly string[]): () => Promise<number>;
}
