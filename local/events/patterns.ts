import { TemplateError } from '../errors.ts';

/** A check of one leaf of an event; `undefined` stands for a field that is not there. */
type LeafCheck = (value: unknown) => boolean;
type EventCheck = (event: unknown) => boolean;

/**
 * Compiles an EventBridge event pattern of values, `prefix`, `suffix` and `exists`.
 *
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 *
 * @throws TemplateError for another operator or a malformed pattern
 */
export function compilePattern(pattern: unknown, where: string): EventCheck {
  if (!isRecord(pattern)) throw new TemplateError(`${where} is not an object`);
  const checks = Object.entries(pattern).map(([field, expected]): EventCheck => {
    const at = `${where}.${field}`;
    if (field.startsWith('$')) throw new TemplateError(`${at} is not supported`);
    if (isRecord(expected)) {
      const inner = compilePattern(expected, at);
      return (event) => inner(isRecord(event) ? event[field] : undefined);
    }
    if (!Array.isArray(expected)) {
      throw new TemplateError(`${at} must be a list of values or an object`);
    }
    const leaves = expected.map((value, i) => compileLeaf(value, `${at}[${i}]`));
    return (event) => {
      const value = isRecord(event) ? event[field] : undefined;
      const values = Array.isArray(value) && value.length > 0 ? value : [value];
      return leaves.some((leaf) => values.some(leaf));
    };
  });
  return (event) => checks.every((check) => check(event));
}

function compileLeaf(expected: unknown, where: string): LeafCheck {
  if (!isRecord(expected)) return (value) => value !== undefined && value === expected;
  const entries = Object.entries(expected);
  const [operator, argument] = entries[0] ?? ['', undefined];
  const build = operators[operator];
  if (build === undefined || entries.length !== 1) {
    throw new TemplateError(`The operator "${operator}" at ${where} is not supported`);
  }
  return build(argument, `${where}.${operator}`);
}

const operators: Readonly<Record<string, (argument: unknown, where: string) => LeafCheck>> = {
  exists: (wanted) => (value) => (value !== undefined) === wanted,
  prefix: (argument, where) => {
    const part = text(argument, where);
    return (value) => typeof value === 'string' && value.startsWith(part);
  },
  suffix: (argument, where) => {
    const part = text(argument, where);
    return (value) => typeof value === 'string' && value.endsWith(part);
  },
};

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`${where} must be text`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
