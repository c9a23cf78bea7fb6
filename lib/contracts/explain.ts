import * as z from 'zod';
import { suggest } from './suggest.ts';

/** Problems that a message names; somebody may send thousands. */
const problemsShown = 20;
/** Characters of a problem; names of keys may be of any length. */
const problemLength = 300;

/**
 * One line per problem: the key's path, what is wrong, what was expected; of many the first ones, and how many more.
 *
 * @param schema that found the problems; with it, an unknown key that resembles a known one is told so
 */
export function explain(error: z.ZodError, schema?: z.ZodType): string {
  const lines = error.issues.flatMap(innermost).flatMap((issue) => {
    const path = issue.path.map((part) =>
      typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
    );
    const at = path.join('').replace(/^\./, '');
    if (issue.code === 'unrecognized_keys') {
      const known = schema === undefined ? [] : keysAt(schema, issue.path);
      return issue.keys.map((key) => {
        const meant = key.length > problemLength ? undefined : suggest(key, known);
        const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
        return `  ${at === '' ? key : `${at}.${key}`}: unknown key${hint}`;
      });
    }
    return [`  ${at === '' ? '(top level)' : at}: ${issue.message}`];
  });
  const shown = lines
    .slice(0, problemsShown)
    .map((line) => (line.length > problemLength ? `${line.slice(0, problemLength)}...` : line));
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}

/** The keys that a schema has at a path; none where it is no object of known keys. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrapped(schema);
  if (path.length === 0) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
  const [first, ...rest] = path;
  const next =
    inner instanceof z.ZodArray
      ? inner.element
      : inner instanceof z.ZodObject
        ? inner.shape[String(first)]
        : undefined;
  return next === undefined ? [] : keysAt(next as z.ZodType, rest);
}

/** What is inside of optional, of defaults, and what a transformation begins with. */
function unwrapped(schema: z.ZodType): z.ZodType {
  const { innerType, in: before } = schema.def as { innerType?: z.ZodType; in?: z.ZodType };
  const inner = innerType ?? before;
  return inner === undefined ? schema : unwrapped(inner);
}

type Issue = z.core.$ZodIssue;

/** Of a value that is none of several alternatives, what is wrong with the one that it comes closest to. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const depth = ({ path }: Issue) => path.length;
  const [closest] = issue.errors
    .filter(([first]) => first !== undefined && (depth(first) > 0 || first.code !== 'invalid_type'))
    .toSorted(
      (a, b) => a.length - b.length || Math.max(...b.map(depth)) - Math.max(...a.map(depth)),
    );
  if (closest === undefined) return [issue];
  return closest
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    .flatMap(innermost);
}
