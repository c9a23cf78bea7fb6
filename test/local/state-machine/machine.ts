import type { ObjectReaderWriter, TaskResources } from '#local/state-machine/run.ts';
import {
  type ExecutionOptions,
  type ExecutionResult,
  runStateMachine,
} from '#local/state-machine/run.ts';

export const LAMBDA = 'arn:aws:states:::lambda:invoke';

/** S3 in memory: objects by `bucket/key`. */
export function memoryObjects(initial: Readonly<Record<string, string>> = {}) {
  const contents = new Map(
    Object.entries(initial).map(([address, text]) => [address, Buffer.from(text)]),
  );
  const objects: ObjectReaderWriter = {
    async *list(bucket, prefix) {
      const start = `${bucket}/${prefix}`;
      for (const address of [...contents.keys()].sort()) {
        if (!address.startsWith(start)) continue;
        yield {
          key: address.slice(bucket.length + 1),
          size: contents.get(address)!.byteLength,
          etag: '"0"',
          lastModified: new Date(1_700_000_000_500),
          storageClass: 'STANDARD',
        };
      }
    },
    async get(bucket, key) {
      const body = contents.get(`${bucket}/${key}`);
      if (body === undefined) throw new Error('NoSuchKey');
      return body;
    },
    async put(bucket, key, body) {
      contents.set(`${bucket}/${key}`, Buffer.from(body));
    },
  };
  const read = (address: string) => contents.get(address)!.toString('utf8');
  return { objects, read, keys: () => [...contents.keys()].sort() };
}

/** Runs states in the query language JSONata; the first state is the first key. */
export function runStates(
  states: Readonly<Record<string, unknown>>,
  input: unknown = {},
  options: Partial<ExecutionOptions> & { readonly lambda?: TaskResources[string] } = {},
): Promise<ExecutionResult> {
  const { lambda = async (args) => args, ...others } = options;
  return runStateMachine({
    definition: machine(states),
    input,
    name: 'test',
    resources: { [LAMBDA]: lambda },
    objects: memoryObjects().objects,
    sleep: async (_ms, signal) => signal.throwIfAborted(),
    // asl-validator takes half a second for each definition; definition.test.ts runs it.
    checkLanguage: () => [],
    ...others,
  });
}

export function machine(states: Readonly<Record<string, unknown>>) {
  return { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states };
}

/** A Task state that ends the machine unless `fields` say otherwise. */
export function task(fields: Readonly<Record<string, unknown>> = {}) {
  return {
    Type: 'Task',
    Resource: LAMBDA,
    ...('Next' in fields ? {} : { End: true }),
    ...fields,
  };
}
