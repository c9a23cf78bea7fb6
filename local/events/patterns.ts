import { TemplateError } from '../errors.ts';

/** A check of one leaf of an event; `undefined` stands for a field that is not there. */
type LeafCheck = (value: unknown) => boolean;
type EventCheck = (event: unknown) => boolean;

/**
 * Compiles an EventBridge event pattern.
 *
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 *
 * @throws TemplateError for an unknown operator or a malformed pattern
 */
export function compilePattern(pattern: unknown, where: string): EventCheck {
  if (!isRecord(pattern)) throw new TemplateError(`${where} is not an object`);
  const checks = Object.entries(pattern).map(([field, expected]): EventCheck => {
    const at = `${where}.${field}`;
    if (field === '$or') {
      if (!Array.isArray(expected)) throw new TemplateError(`${at} is not a list`);
      const options = expected.map((option, i) => compilePattern(option, `${at}[${i}]`));
      return (event) => options.some((option) => option(event));
    }
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
  prefix: (argument, where) => affix(argument, where, (text, part) => text.startsWith(part)),
  suffix: (argument, where) => affix(argument, where, (text, part) => text.endsWith(part)),
  'equals-ignore-case': (argument) => (value) => {
    return typeof value === 'string' && value.toLowerCase() === String(argument).toLowerCase();
  },
  wildcard: (argument, where) => {
    const matches = wildcard(text(argument, where));
    return (value) => typeof value === 'string' && matches.test(value);
  },
  numeric: (argument, where) => numeric(argument, where),
  'anything-but': (argument, where) => {
    const listed = Array.isArray(argument) ? argument : [argument];
    const leaves = listed.flatMap((entry, i) => {
      if (!isRecord(entry)) return [compileLeaf(entry, `${where}[${i}]`)];
      // {"anything-but": {"prefix": ["a", "b"]}}
      return Object.entries(entry).flatMap(([operator, values]) =>
        (Array.isArray(values) ? values : [values]).map((value) =>
          compileLeaf({ [operator]: value }, where),
        ),
      );
    });
    return (value) => value !== undefined && !leaves.some((leaf) => leaf(value));
  },
};

function affix(
  argument: unknown,
  where: string,
  holds: (text: string, part: string) => boolean,
): LeafCheck {
  if (isRecord(argument) && 'equals-ignore-case' in argument) {
    const part = text(argument['equals-ignore-case'], where).toLowerCase();
    return (value) => typeof value === 'string' && holds(value.toLowerCase(), part);
  }
  const part = text(argument, where);
  return (value) => typeof value === 'string' && holds(value, part);
}

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function wildcard(pattern: string): RegExp {
  const source = pattern.replaceAll(
    /\\([*\\])|(\*)|([^A-Za-z0-9])/gu,
    (_all, literal, star, other) => {
      if (star !== undefined) return '.*';
      return `\\u{${(literal ?? other).codePointAt(0).toString(16)}}`;
    },
  );
  return new RegExp(`^${source}$`, 'su');
}

function numeric(argument: unknown, where: string): LeafCheck {
  if (!Array.isArray(argument) || argument.length === 0 || argument.length % 2 !== 0) {
    throw new TemplateError(`${where} must be pairs of a comparison and a number`);
  }
  const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
    '=': (value, bound) => value === bound,
    '<': (value, bound) => value < bound,
    '<=': (value, bound) => value <= bound,
    '>': (value, bound) => value > bound,
    '>=': (value, bound) => value >= bound,
  };
  const checks: ((value: number) => boolean)[] = [];
  for (let i = 0; i < argument.length; i += 2) {
    const compare = comparisons[String(argument[i])];
    const bound: unknown = argument[i + 1];
    if (compare === undefined || typeof bound !== 'number') {
      throw new TemplateError(`${where} has the unknown comparison "${argument[i]} ${bound}"`);
    }
    checks.push((value) => compare(value, bound));
  }
  return (value) => typeof value === 'number' && checks.every((check) => check(value));
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`${where} must be text`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
