import { isDeepStrictEqual } from 'node:util';
import type { Application } from '#stacks/application.ts';
import type { Synthesis } from './synthesis.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

interface StackTemplate {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: string } }>
  >;
}

export type Part = keyof Application;

/** The templates of a deployment by stack, in the order in which `cdk deploy --all` deploys them. */
export type Templates = ReadonlyMap<Part, StackTemplate>;

export function templatesOf({ app, stacks }: Synthesis): Templates {
  const parts = new Map(Object.entries(stacks).map(([part, stack]) => [stack.stackName, part]));
  return new Map(
    app
      .synth()
      .stacks.map(({ stackName, template }) => [parts.get(stackName) as Part, template] as const),
  );
}

/**
 * What CloudFormation would refuse of an update, stack by stack.
 *
 * Until a stack's turn has come, its deployed version stands: what that imports can neither go nor change. And a resource
 * of another logical id is created before the old one is deleted, so that both cannot have the same name.
 */
export function refusals(before: Templates, after: Templates): string[] {
  const deployed = new Map(before);
  const refused: string[] = [];
  for (const [part, template] of after) {
    const old = deployed.get(part);
    const others = [...deployed].filter(([other]) => other !== part);
    const offered = exportsOf(template);
    for (const [name, value] of old === undefined ? [] : exportsOf(old)) {
      const importers = others.filter(([, other]) => importsOf(other).has(name)).map(([id]) => id);
      if (importers.length === 0 || isDeepStrictEqual(offered.get(name), value)) continue;
      const change = offered.has(name) ? 'changes' : 'removes';
      refused.push(`${part} ${change} ${name}, which ${importers.join(' and ')} still imports`);
    }
    const taken = new Map(
      others.flatMap(([, other]) => [...namesOf(other).keys()].map((name) => [name, ''])),
    );
    for (const [name, id] of old === undefined ? [] : namesOf(old)) taken.set(name, id);
    for (const [name, id] of namesOf(template)) {
      const holder = taken.get(name);
      if (holder !== undefined && holder !== id) {
        refused.push(`${part} makes ${name} as ${id}, while ${holder || 'another stack'} has it`);
      }
    }
    deployed.set(part, template);
  }
  return refused;
}

function exportsOf({ Outputs = {} }: StackTemplate): Map<string, unknown> {
  return new Map(
    Object.values(Outputs).flatMap(({ Export, Value }) =>
      Export === undefined ? [] : [[Export.Name, Value]],
    ),
  );
}

function importsOf(template: StackTemplate): Set<string> {
  const found = JSON.stringify(template).matchAll(/"Fn::ImportValue":"([^"]*)"/g);
  return new Set([...found].map(([, name]) => name!));
}

/** Where types keep a name that only one resource of an account and region may have. */
const nameProperties: Readonly<Record<string, (properties: never) => unknown>> = {
  'AWS::Budgets::Budget': ({ Budget }: { Budget: { BudgetName: string } }) => Budget.BudgetName,
  'AWS::CloudWatch::Alarm': ({ AlarmName }: { AlarmName: string }) => AlarmName,
  'AWS::CloudWatch::Dashboard': ({ DashboardName }: { DashboardName: string }) => DashboardName,
  'AWS::CodeDeploy::Application': ({ ApplicationName }: { ApplicationName: string }) =>
    ApplicationName,
  'AWS::CodeDeploy::DeploymentGroup': ({ DeploymentGroupName }: { DeploymentGroupName: string }) =>
    DeploymentGroupName,
  'AWS::CodeBuild::Project': ({ Name }: { Name: string }) => Name,
  'AWS::ECR::Repository': ({ RepositoryName }: { RepositoryName: string }) => RepositoryName,
  'AWS::Events::EventBus': ({ Name }: { Name: string }) => Name,
  'AWS::Events::Rule': ({ Name }: { Name?: string }) => Name,
  'AWS::IAM::ManagedPolicy': ({ ManagedPolicyName }: { ManagedPolicyName?: string }) =>
    ManagedPolicyName,
  'AWS::IAM::Role': ({ RoleName }: { RoleName?: string }) => RoleName,
  'AWS::KinesisFirehose::DeliveryStream': ({
    DeliveryStreamName,
  }: {
    DeliveryStreamName: string;
  }) => DeliveryStreamName,
  'AWS::KMS::Alias': ({ AliasName }: { AliasName: string }) => AliasName,
  'AWS::Lambda::Function': ({ FunctionName }: { FunctionName: string }) => FunctionName,
  'AWS::Lambda::LayerVersion': ({ LayerName }: { LayerName?: string }) => LayerName,
  'AWS::Logs::LogGroup': ({ LogGroupName }: { LogGroupName: string }) => LogGroupName,
  'AWS::S3::Bucket': ({ BucketName }: { BucketName?: string }) => BucketName,
  'AWS::SNS::Topic': ({ TopicName }: { TopicName: string }) => TopicName,
  'AWS::SQS::Queue': ({ QueueName }: { QueueName: string }) => QueueName,
  'AWS::SSM::Parameter': ({ Name }: { Name: string }) => Name,
  'AWS::Scheduler::Schedule': ({ Name }: { Name: string }) => Name,
  'AWS::StepFunctions::StateMachine': ({ StateMachineName }: { StateMachineName: string }) =>
    StateMachineName,
};

/** The names that a template gives, by `<type> <name>`, with the logical id of whoever has it; not those that AWS makes up. */
export function namesOf({ Resources }: StackTemplate): Map<string, string> {
  return new Map(
    Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
      const name = nameProperties[Type]?.(Properties as never);
      return name === undefined ? [] : [[`${Type} ${JSON.stringify(name)}`, id]];
    }),
  );
}

/** Types without a name of their own that a template could give, or whose names need not differ. */
export const unnamedTypes = (templates: Iterable<StackTemplate>): string[] =>
  [
    ...new Set(
      [...templates].flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type)),
    ),
  ]
    .filter((type) => nameProperties[type] === undefined)
    .sort();

/** What an update changes, a line for each stack: resources that come (+), go (-) or change (~). */
export function difference(before: Templates, after: Templates): string[] {
  return [...after].flatMap(([part, { Resources: next }]) => {
    const { Resources: old = {} } = before.get(part) ?? {};
    const describe = (sign: string, ids: string[], of: Readonly<Record<string, Resource>>) =>
      ids.length === 0 ? [] : [`${sign} ${summary(ids.map((id) => of[id]!.Type))}`];
    const parts = [
      ...describe(
        '+',
        Object.keys(next).filter((id) => !(id in old)),
        next,
      ),
      ...describe(
        '-',
        Object.keys(old).filter((id) => !(id in next)),
        old,
      ),
      ...describe(
        '~',
        Object.keys(next).filter((id) => id in old && !isDeepStrictEqual(next[id], old[id])),
        next,
      ),
    ];
    return parts.length === 0 ? [] : [`${part.padEnd(11)} ${parts.join('  ')}`];
  });
}

/** `Lambda::Function x2, SQS::Queue` */
function summary(types: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .map(([type, count]) => `${type.replace(/^AWS::/, '')}${count === 1 ? '' : ` x${count}`}`)
    .join(', ');
}
