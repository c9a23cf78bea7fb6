import type { Template } from 'aws-cdk-lib/assertions';

/** An allowing statement of a policy, its resources as text (`<Ref>` and `<Resource.Attribute>` for references). */
export interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

interface PolicyDocument {
  readonly Statement: readonly {
    readonly Action: string | string[];
    readonly Resource: unknown;
    readonly Condition?: Statement['condition'];
  }[];
}

/** All statements of the policies of a role, by the role's logical id. */
export function statementsOf(template: Template, roleId: string): Statement[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy'));
  return policies
    .filter(({ Properties }) =>
      (Properties.Roles as { Ref: string }[]).some((role) => role.Ref === roleId),
    )
    .flatMap(({ Properties }) => (Properties.PolicyDocument as PolicyDocument).Statement)
    .map(({ Action, Resource, Condition }) => ({
      actions: [Action].flat(),
      resources: [Resource].flat().map(toText),
      condition: Condition,
    }));
}

/** The logical id of the role of a function. */
export function roleOf(template: Template, functionName: string): string {
  const [found] = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: functionName } }),
  );
  if (found === undefined) throw new Error(`There is no function ${functionName}.`);
  return found.Properties.Role['Fn::GetAtt'][0];
}

/** A template's value as text. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument]] = Object.entries(value as object) as [[string, never]];
  if (name === 'Ref') return `<${argument}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::ImportValue') return `<${toText(argument)}>`;
  if (name === 'Fn::Join') return (argument[1] as unknown[]).map(toText).join(argument[0]);
  if (name === 'Fn::Sub') return String([argument].flat()[0]).replace(/\$\{([^}]+)\}/g, '<$1>');
  throw new Error(`Cannot put ${name} into words.`);
}

/** True when a pattern (`*` and `?`) matches a text. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** Keys of the data bucket that a role may use for an action, as patterns. */
export function keyPatterns(statements: readonly Statement[], action: string): string[] {
  return statements
    .filter(({ actions }) => actions.includes(action))
    .flatMap(({ resources }) => resources)
    .flatMap((resource) => {
      const match = /^<[^>]*DataBucket[^>]*>\/(.*)$/.exec(resource);
      return match === null ? [] : [match[1]!];
    });
}

/** Prefixes that a role may list. */
export function listPatterns(statements: readonly Statement[]): string[] {
  return statements
    .filter(({ actions }) => actions.includes('s3:ListBucket'))
    .flatMap(({ condition }) => condition!.StringLike!['s3:prefix'] as string[]);
}
