import type * as z from 'zod';
import { type StateMachineDefinition, stateMachineSchema } from './definition-schema.ts';
import { structureProblems } from './definition-structure.ts';
import { DefinitionError } from './errors.ts';
import { expressionProblems } from './expression-check.ts';
import { languageProblems } from './language-check.ts';

/** Names problems in a definition, one line each. */
export type LanguageCheck = (definition: StateMachineDefinition) => readonly string[];

/** Fields of the language that are left out on purpose, and what to do instead. */
const UNSUPPORTED_FIELDS: Readonly<Record<string, string>> = {
  HeartbeatSeconds: 'no task sends heartbeats here; use TimeoutSeconds',
  Credentials: 'tasks run with the rights of this process',
  Iterator: 'use ItemProcessor',
  Result: 'it belongs to JSONPath; use Output',
  ...Object.fromEntries(
    ['InputPath', 'OutputPath', 'Parameters', 'ResultPath', 'ResultSelector', 'ItemsPath'].map(
      (field) => [field, 'it belongs to JSONPath; use Arguments, Output, Assign and Items'],
    ),
  ),
};

/**
 * Checks a definition as far as that is possible without running it.
 *
 * @param resources ARNs of the task resources that exist, in the partition `aws`
 * @param checkLanguage what looks once more at a definition in which nothing wrong was found; asl-validator takes
 *   about half a second, however small the definition is
 * @throws DefinitionError that names everything that is wrong or unknown with its path
 */
export function loadDefinition(
  definition: unknown,
  resources: ReadonlySet<string>,
  checkLanguage: LanguageCheck = languageProblems,
): StateMachineDefinition {
  const parsed = stateMachineSchema.safeParse(definition);
  if (!parsed.success) throw new DefinitionError(parsed.error.issues.flatMap(describeIssue));
  const problems = [
    ...structureProblems(parsed.data, resources),
    ...expressionProblems(parsed.data),
  ];
  // asl-validator comes last: it finds little that is left, and says less clearly where.
  if (problems.length === 0) problems.push(...checkLanguage(parsed.data));
  if (problems.length > 0) throw new DefinitionError(problems);
  return parsed.data;
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const path = formatPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const reason = UNSUPPORTED_FIELDS[key];
      return `${formatPath([...issue.path, key])}: this field is not supported${reason ? ` (${reason})` : ''}`;
    });
  }
  if (issue.code === 'invalid_union' && issue.path.at(-1) === 'Type') {
    return [
      `${path}: this state type is not known; use Task, Choice, Map, Parallel, Wait, Pass, Succeed or Fail`,
    ];
  }
  return [`${path}: ${issue.message}`];
}

/** `['States', 'Fan out', 'Retry', 0]` is `States.Fan out.Retry[0]`. */
function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'The definition';
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}
