import { dataTypes, type GraphNode } from './graph-definition.ts';
import type { Program, ProgramOptions, Steps } from './program.ts';
import { type RecordedStep, record } from './record.ts';
import { handleName } from './recorder.ts';
import { NativeSession } from './session.ts';
import {
  checkNames,
  checkValues,
  inGroups,
  type TensorSpec,
  type TensorSpecs,
  type TensorValues,
  unknownStep,
  unknownVariable,
  variableSpecs,
} from './specification.ts';

/** A program whose steps run as one TensorFlow graph. */
export class CompiledProgram implements Program {
  readonly runsEagerly = false;
  readonly variables: Readonly<Record<string, TensorSpec>>;
  /** Without their nodes, which may hold large constants. */
  readonly #steps: ReadonlyMap<string, Omit<RecordedStep, 'nodes'>>;
  readonly #session: NativeSession;

  constructor({ variables, steps, ownsVariables, initial }: ProgramOptions<Steps>) {
    this.variables = variableSpecs(variables);
    const recorded = Object.entries(steps).map(([name, step]) => record(name, step, variables));
    this.#steps = new Map(recorded.map(({ nodes: _, ...step }) => [step.name, step]));
    this.#session = new NativeSession([
      ...Object.entries(this.variables).flatMap(([name, spec]) => variableNodes(name, spec)),
      ...recorded.flatMap(({ nodes }) => nodes),
    ]);
    const owned = Object.entries(variables).filter(() => ownsVariables);
    for (const [name, variable] of owned) {
      if (initial?.has(name)) variable.dispose();
    }
    for (const group of inGroups(this.variables)) {
      const begin = (name: string) => {
        const values = initial?.get(name)?.();
        if (values === undefined) return variables[name]!.dataSync() as TensorValues;
        // The next one may be made in the same memory.
        return group.length === 1 ? values : values.slice();
      };
      this.writeVariables(Object.fromEntries(group.map((name) => [name, begin(name)])));
    }
    for (const [name, variable] of owned) {
      if (!initial?.has(name)) variable.dispose();
    }
  }

  run(name: string, inputs: Readonly<Record<string, TensorValues>>): Record<string, TensorValues> {
    const step = this.#steps.get(name);
    if (step === undefined) throw unknownStep(name, [...this.#steps.keys()]);
    checkNames(`Inputs of step ${name}`, step.inputs, inputs);
    const feeds = Object.entries(step.inputs).map(([input, spec]) => ({
      to: `${name}/input/${input}:0`,
      spec,
      values: checkValues(`Input ${input} of step ${name}`, spec, inputs[input]),
    }));
    const outputs = Object.entries(step.outputNodes);
    const fetches = outputs.map(([, node]) => `${node}:0`);
    const values = this.#session.run(
      feeds,
      fetches.length > 0 ? fetches : [`${step.completionNode}:0`],
    );
    return Object.fromEntries(outputs.map(([output], index) => [output, values[index]!]));
  }

  readVariables(names = Object.keys(this.variables)): Record<string, TensorValues> {
    const read = inGroups(this.#specsOf(names)).flatMap((group) => {
      const values = this.#session.run(
        [],
        group.map((name) => `${readName(name)}:0`),
      );
      return group.map((name, at) => [name, values[at]!] as const);
    });
    return Object.fromEntries(read);
  }

  writeVariables(values: Readonly<Record<string, TensorValues>>): void {
    const specs = this.#specsOf(Object.keys(values));
    for (const [name, spec] of Object.entries(specs)) {
      checkValues(`Variable ${name}`, spec, values[name]);
    }
    for (const group of inGroups(specs)) {
      this.#session.run(
        group.map((name) => ({
          to: `${feedName(name)}:0`,
          spec: specs[name]!,
          values: values[name]!,
        })),
        group.map((name) => `${writtenName(name)}:0`),
      );
    }
  }

  /** @throws ValidationError naming the first that is no variable */
  #specsOf(names: readonly string[]): TensorSpecs {
    const specs = names.map((name) => {
      const spec = this.variables[name];
      if (spec === undefined) throw unknownVariable(name, this.variables);
      return [name, spec] as const;
    });
    return Object.fromEntries(specs);
  }

  dispose(): void {
    this.#session.dispose();
  }
}

const feedName = (variable: string) => `initial/${variable}/value`;
const writtenName = (variable: string) => `initial/${variable}/written`;
const readName = (variable: string) => `present/${variable}`;

/** A variable's handle, a way to set it from outside and a way to read it. */
function variableNodes(name: string, { shape, dtype }: TensorSpec): GraphNode[] {
  const type = { kind: 'type', value: dataTypes[dtype] } as const;
  const handle = handleName(name);
  const assignment = `initial/${name}/assign`;
  const zero = { dtype: 'int32', shape: [], values: Int32Array.of(0) } as const;
  return [
    {
      name: handle,
      operation: 'VarHandleOp',
      inputs: [],
      attributes: {
        dtype: type,
        shape: { kind: 'shape', value: shape },
        shared_name: { kind: 'string', value: name },
      },
    },
    {
      name: feedName(name),
      operation: 'Placeholder',
      inputs: [],
      attributes: { dtype: type, shape: { kind: 'shape', value: shape } },
    },
    {
      name: assignment,
      operation: 'AssignVariableOp',
      inputs: [`${handle}:0`, `${feedName(name)}:0`],
      attributes: { dtype: type },
    },
    {
      name: writtenName(name),
      operation: 'Const',
      inputs: [],
      after: [assignment],
      attributes: {
        dtype: { kind: 'type', value: dataTypes.int32 },
        value: { kind: 'constant', value: zero },
      },
    },
    {
      name: readName(name),
      operation: 'ReadVariableOp',
      inputs: [`${handle}:0`],
      attributes: { dtype: type },
    },
  ];
}
