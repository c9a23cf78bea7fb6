import { TemplateError } from '../errors.ts';
import type { RawResource, Stack } from './assembly.ts';
import { type Identity, identify, nameProperty, type Place } from './identities.ts';
import { resolve, type Scope } from './intrinsics.ts';

/** A resource with everything concrete. */
export interface Resource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** The physical name. */
  readonly name: string;
  /** What `Ref` gives. */
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The stacks of an assembly as one deployed whole: every value that a template computes is available as the
 * concrete local name, ARN or URL. Values are resolved when they are asked for, so that a part that matters only
 * on AWS need not be resolvable here.
 */
export class Templates {
  readonly #stacks: readonly Stack[];
  readonly #place: Place;
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #identities = new Map<string, Identity>();
  /** What is being resolved, to recognise a circle. */
  readonly #open = new Set<string>();

  /** @param parameters values of template parameters, by name; others have their defaults */
  constructor(
    stacks: readonly Stack[],
    place: Place,
    parameters: Readonly<Record<string, string>> = {},
  ) {
    this.#stacks = stacks;
    this.#place = place;
    this.#parameters = parameters;
  }

  /**
   * All resources of a type in all stacks, without those whose condition is false.
   *
   * @throws TemplateError that names an unknown intrinsic, reference or attribute and where it stands
   */
  resources(type: string): Resource[] {
    return this.#stacks.flatMap((stack) =>
      Object.entries(stack.resources)
        .filter(([, raw]) => raw.Type === type && this.#exists(stack, raw))
        .map(([logicalId, raw]) => {
          const identity = this.#identity(stack, logicalId);
          const where = `${stack.name}.${logicalId}`;
          const properties = resolve(raw.Properties ?? {}, this.#scope(stack), where);
          return {
            stack: stack.name,
            logicalId,
            type,
            ...identity,
            properties: properties as Resource['properties'],
          };
        }),
    );
  }

  /**
   * The outputs of all stacks, as `<output>` (where only one stack has it) and as `<stack>.<output>`. Each is
   * resolved when it is read.
   *
   * @throws TemplateError when one is read that cannot be resolved
   */
  outputs(): Readonly<Record<string, string>> {
    const outputs: Record<string, string> = {};
    const names = this.#stacks.flatMap((stack) =>
      Object.entries(stack.outputs)
        .filter(([, output]) => this.#exists(stack, output))
        .map(([name]) => ({ stack, name })),
    );
    for (const { stack, name } of names) {
      const get = () => String(this.#output(stack, name, name));
      Object.defineProperty(outputs, `${stack.name}.${name}`, { enumerable: true, get });
      if (names.filter((other) => other.name === name).length > 1) continue;
      Object.defineProperty(outputs, name, { enumerable: true, get });
    }
    return outputs;
  }

  /** The file or folder behind the `S3Key` of a function's or layer's code. */
  asset(stackName: string, key: string): string {
    const path = this.#stack(stackName, stackName).assets.get(key);
    if (path !== undefined) return path;
    throw new TemplateError(`No asset of the assembly has the key ${key}.`, stackName);
  }

  #exists(stack: Stack, { Condition }: { readonly Condition?: string | undefined }): boolean {
    return Condition === undefined || this.#condition(stack, Condition, Condition);
  }

  #scope(stack: Stack): Scope {
    return {
      ref: (name, where) => this.#ref(stack, name, where),
      attribute: (logicalId, attribute, where) =>
        this.#attribute(stack, logicalId, attribute, where),
      condition: (name, where) => this.#condition(stack, name, where),
      mapping: (map, first, second, where) => {
        const value = stack.mappings[map]?.[first]?.[second];
        if (value !== undefined) return value;
        throw new TemplateError(`There is no mapping ${map}.${first}.${second}.`, where);
      },
      importValue: (name, where) => this.#import(name, where),
      stackOutput: (stackName, output, where) => {
        return this.#output(this.#stack(stackName, where), output, where);
      },
      systemParameter: (name, where) => this.#systemParameter(name, where),
    };
  }

  #ref(stack: Stack, name: string, where: string): unknown {
    const { account, region } = this.#place;
    const pseudo: Record<string, string> = {
      'AWS::AccountId': account,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::StackName': stack.name,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stack.name}/local`,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    if (name in pseudo) return pseudo[name];
    if (name in stack.resources) return this.#identity(stack, name).ref;
    const parameter = stack.parameters[name];
    if (parameter === undefined) throw new TemplateError(`Ref to unknown "${name}".`, where);
    const value = this.#parameters[name] ?? parameter.Default;
    if (value === undefined) throw new TemplateError(`Parameter ${name} has no value.`, where);
    if (!parameter.Type.startsWith('AWS::SSM::Parameter::Value')) return value;
    return this.#parameters[name] ?? this.#systemParameter(String(value), where);
  }

  #attribute(stack: Stack, logicalId: string, attribute: string, where: string): unknown {
    const raw = stack.resources[logicalId];
    if (raw === undefined) {
      throw new TemplateError(`Fn::GetAtt of unknown resource "${logicalId}".`, where);
    }
    if (raw.Type === 'AWS::SSM::Parameter' && attribute === 'Value') {
      return this.#property(stack, logicalId, raw, 'Value');
    }
    const value = this.#identity(stack, logicalId).attributes[attribute];
    if (value !== undefined) return value;
    throw new TemplateError(
      `${raw.Type} has no attribute "${attribute}" that is known here.`,
      where,
    );
  }

  #identity(stack: Stack, logicalId: string): Identity {
    const id = `${stack.name}.${logicalId}`;
    const known = this.#identities.get(id);
    if (known !== undefined) return known;
    const raw = stack.resources[logicalId] as RawResource;
    const property = nameProperty(raw.Type);
    const given =
      property === undefined || raw.Properties?.[property] === undefined
        ? undefined
        : this.#once(id, () => String(this.#property(stack, logicalId, raw, property)));
    const identity = identify(raw.Type, stack.name, logicalId, given, this.#place);
    this.#identities.set(id, identity);
    return identity;
  }

  #property(stack: Stack, logicalId: string, raw: RawResource, property: string): unknown {
    const where = `${stack.name}.${logicalId}.${property}`;
    return resolve(raw.Properties?.[property], this.#scope(stack), where);
  }

  #condition(stack: Stack, name: string, where: string): boolean {
    if (!(name in stack.conditions)) throw new TemplateError(`Unknown condition "${name}".`, where);
    const at = `${stack.name}.Conditions.${name}`;
    return this.#once(at, () => resolve(stack.conditions[name], this.#scope(stack), at)) === true;
  }

  #output(stack: Stack, name: string, where: string): unknown {
    const output = stack.outputs[name];
    if (output === undefined) {
      throw new TemplateError(`Stack ${stack.name} has no output "${name}".`, where);
    }
    const at = `${stack.name}.Outputs.${name}`;
    return this.#once(at, () => resolve(output.Value, this.#scope(stack), at));
  }

  #import(name: string, where: string): unknown {
    for (const stack of this.#stacks) {
      for (const [output, { Export }] of Object.entries(stack.outputs)) {
        if (Export === undefined) continue;
        if (resolve(Export.Name, this.#scope(stack), `${stack.name}.${output}`) === name) {
          return this.#output(stack, output, where);
        }
      }
    }
    throw new TemplateError(`No stack exports "${name}".`, where);
  }

  #systemParameter(name: string, where: string): unknown {
    for (const stack of this.#stacks) {
      for (const [logicalId, raw] of Object.entries(stack.resources)) {
        if (raw.Type !== 'AWS::SSM::Parameter') continue;
        if (this.#identity(stack, logicalId).name === name) {
          return this.#property(stack, logicalId, raw, 'Value');
        }
      }
    }
    throw new TemplateError(`No stack has the SSM parameter "${name}".`, where);
  }

  #stack(name: string, where: string): Stack {
    const stack = this.#stacks.find((candidate) => candidate.name === name);
    if (stack !== undefined) return stack;
    throw new TemplateError(`There is no stack "${name}" in the assembly.`, where);
  }

  #once<Value>(what: string, work: () => Value): Value {
    if (this.#open.has(what)) throw new TemplateError('A value depends on itself.', what);
    this.#open.add(what);
    try {
      return work();
    } finally {
      this.#open.delete(what);
    }
  }
}
