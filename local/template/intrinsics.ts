import { TemplateError } from '../errors.ts';

/** What the intrinsics of one stack may look up. `where` is for messages. */
export interface Scope {
  ref(name: string, where: string): unknown;
  attribute(logicalId: string, attribute: string, where: string): unknown;
  condition(name: string, where: string): boolean;
  mapping(map: string, first: string, second: string, where: string): unknown;
  importValue(name: string, where: string): unknown;
  stackOutput(stack: string, output: string, where: string): unknown;
  systemParameter(name: string, where: string): unknown;
}

/** Marks a property that the template takes away (`AWS::NoValue`). */
const noValue = Symbol('AWS::NoValue');

type Intrinsic = (argument: unknown, scope: Scope, where: string) => unknown;

/**
 * Replaces every intrinsic function and dynamic reference in a value of a template.
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 *
 * @throws TemplateError that names an intrinsic, reference or dynamic reference that is not known
 */
export function resolve(value: unknown, scope: Scope, where: string): unknown {
  const resolved = resolveAny(value, scope, where);
  return resolved === noValue ? undefined : resolved;
}

function resolveAny(value: unknown, scope: Scope, where: string): unknown {
  if (typeof value === 'string') return resolveDynamic(value, scope, where);
  if (Array.isArray(value)) {
    return value
      .map((entry, index) => resolveAny(entry, scope, `${where}[${index}]`))
      .filter((entry) => entry !== noValue);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && isIntrinsic(only[0], only[1])) {
    const intrinsic = intrinsics[only[0]];
    if (intrinsic === undefined) {
      throw new TemplateError(`The intrinsic function ${only[0]} is not supported.`, where);
    }
    return intrinsic(only[1], scope, where);
  }
  return Object.fromEntries(
    entries
      .map(([name, entry]) => [name, resolveAny(entry, scope, `${where}.${name}`)] as const)
      .filter(([, entry]) => entry !== noValue),
  );
}

/** `{Condition: "Name"}` is an intrinsic inside conditions only; elsewhere it is a policy's condition block. */
function isIntrinsic(name: string, argument: unknown): boolean {
  return (
    name === 'Ref' ||
    name.startsWith('Fn::') ||
    (name === 'Condition' && typeof argument === 'string')
  );
}

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope, where) => {
    return name === 'AWS::NoValue' ? noValue : scope.ref(text(name, where), where);
  },
  Condition: (name, scope, where) => scope.condition(text(name, where), where),
  'Fn::GetAtt': (argument, scope, where) => {
    const [id, ...attribute] =
      typeof argument === 'string' ? argument.split('.') : list(argument, where);
    const name = attribute.map((part) => text(resolve(part, scope, where), where)).join('.');
    return scope.attribute(text(id, where), name, where);
  },
  'Fn::Join': (argument, scope, where) => {
    const [separator, parts] = list(argument, where);
    const joined = list(resolve(parts, scope, where), where)
      .map(String)
      .join(text(separator, where));
    return resolveDynamic(joined, scope, where);
  },
  'Fn::Sub': (argument, scope, where) => {
    const [template, variables] =
      typeof argument === 'string' ? [argument, {}] : list(argument, where);
    const values = resolve(variables, scope, where) as Record<string, unknown>;
    return text(template, where).replaceAll(
      /\$\{(!?)([^}]*)\}/g,
      (_all, literal: string, name: string) => {
        if (literal !== '') return `\${${name}}`;
        if (name in values) return String(values[name]);
        const dot = name.indexOf('.');
        return String(
          dot === -1
            ? scope.ref(name, where)
            : scope.attribute(name.slice(0, dot), name.slice(dot + 1), where),
        );
      },
    );
  },
  'Fn::Select': (argument, scope, where) => {
    const [index, values] = list(resolve(argument, scope, where), where);
    const value = list(values, where)[Number(index)];
    if (value === undefined) throw new TemplateError(`Fn::Select has no entry ${index}.`, where);
    return value;
  },
  'Fn::Split': (argument, scope, where) => {
    const [separator, value] = list(resolve(argument, scope, where), where);
    return text(value, where).split(text(separator, where));
  },
  'Fn::ImportValue': (argument, scope, where) => {
    return scope.importValue(text(resolve(argument, scope, where), where), where);
  },
  'Fn::GetStackOutput': (argument, scope, where) => {
    const { StackName, OutputName } = resolve(argument, scope, where) as Record<string, unknown>;
    return scope.stackOutput(text(StackName, where), text(OutputName, where), where);
  },
  'Fn::FindInMap': (argument, scope, where) => {
    const [map, first, second] = list(resolve(argument, scope, where), where).map(String);
    return scope.mapping(map ?? '', first ?? '', second ?? '', where);
  },
  'Fn::Base64': (argument, scope, where) => {
    return Buffer.from(text(resolve(argument, scope, where), where)).toString('base64');
  },
  'Fn::ToJsonString': (argument, scope, where) => JSON.stringify(resolve(argument, scope, where)),
  'Fn::Length': (argument, scope, where) => list(resolve(argument, scope, where), where).length,
  'Fn::If': (argument, scope, where) => {
    const [condition, yes, no] = list(argument, where);
    return resolveAny(scope.condition(text(condition, where), where) ? yes : no, scope, where);
  },
  'Fn::Equals': (argument, scope, where) => {
    const [a, b] = list(resolve(argument, scope, where), where);
    return JSON.stringify(a) === JSON.stringify(b);
  },
  'Fn::And': (argument, scope, where) => {
    return list(resolve(argument, scope, where), where).every((value) => value === true);
  },
  'Fn::Or': (argument, scope, where) => {
    return list(resolve(argument, scope, where), where).some((value) => value === true);
  },
  'Fn::Not': (argument, scope, where) => list(resolve(argument, scope, where), where)[0] !== true,
};

/** `{{resolve:ssm:name}}` and its kin inside a string. */
function resolveDynamic(value: string, scope: Scope, where: string): string {
  return value.replaceAll(
    /\{\{resolve:([a-z-]+):([^}]*)\}\}/g,
    (_all, service: string, name: string) => {
      if (service !== 'ssm') {
        throw new TemplateError(`The dynamic reference to ${service} is not supported.`, where);
      }
      // An optional version follows the name.
      return String(scope.systemParameter(name.replace(/:\d+$/, ''), where));
    },
  );
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new TemplateError(`Expected text, found ${JSON.stringify(value)}.`, where);
}

function list(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`Expected a list, found ${JSON.stringify(value)}.`, where);
}
