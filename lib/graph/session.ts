import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PipelineError } from '#lib/contracts/errors.ts';
import { dataTypes, encodeSavedModel, type GraphNode } from './graph-definition.ts';
import { nativeBackend } from './native-backend.ts';
import type { TensorSpec, TensorValues } from './specification.ts';

/** One value to feed. */
export interface Feed {
  /** `node:output`. */
  readonly to: string;
  readonly spec: TensorSpec;
  readonly values: TensorValues;
}

/** A TensorFlow session over one graph. Its variables live as long as it does. */
export class NativeSession {
  readonly #binding = nativeBackend().binding;
  readonly #id: number;
  #open = true;

  /** @throws {PipelineError} `GraphRejected` when TensorFlow does not accept the graph; the message is its own. */
  constructor(nodes: readonly GraphNode[]) {
    const folder = mkdtempSync(join(tmpdir(), 'graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(nodes));
      this.#id = this.#binding.loadSavedModel(folder, 'serve');
    } catch (cause) {
      throw new PipelineError(
        'GraphRejected',
        `TensorFlow ${this.#binding.TF_Version} does not accept the recorded graph of ${nodes.length} nodes: ${reason(cause)}`,
        { cause },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * Runs the part of the graph that the fetched values need.
   * @param fetches `node:output` each, at least one.
   * @throws {PipelineError} `GraphFailed` when an operation fails (an index out of range); the message is TensorFlow's.
   */
  run(feeds: readonly Feed[], fetches: readonly string[]): TensorValues[] {
    if (!this.#open) {
      throw new PipelineError('GraphFailed', 'The session is closed: its program was disposed of.');
    }
    const inputs: number[] = [];
    try {
      for (const { spec, values } of feeds) inputs.push(this.#upload(spec, values));
      const names = feeds.map(({ to }) => to).join(',');
      const outputs = this.#binding.runSavedModel(this.#id, inputs, names, fetches.join(','));
      return outputs.map(({ id }) => this.#download(id));
    } catch (cause) {
      throw new PipelineError('GraphFailed', `The graph failed: ${reason(cause)}`, { cause });
    } finally {
      for (const id of inputs) this.#binding.deleteTensor(id);
    }
  }

  dispose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#binding.deleteSavedModel(this.#id);
  }

  /**
   * The values as a tensor whose memory is TensorFlow's own. The binding shares a typed array's memory, and a session
   * variable may go on holding (even writing to, and releasing on another thread) what was fed.
   */
  #upload({ shape, dtype }: TensorSpec, values: TensorValues): number {
    const shared = this.#binding.createTensor(shape, dataTypes[dtype], values);
    try {
      const attribute = { name: 'T', type: this.#binding.TF_ATTR_TYPE, value: dataTypes[dtype] };
      return this.#binding.executeOp('DeepCopy', [attribute], [shared], 1)[0]!.id;
    } finally {
      this.#binding.deleteTensor(shared);
    }
  }

  #download(id: number): TensorValues {
    try {
      return this.#binding.tensorDataSync(id);
    } finally {
      this.#binding.deleteTensor(id);
    }
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
