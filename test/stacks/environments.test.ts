import { describe, expect, it } from 'vitest';
import { matches } from './iam.ts';
import { everyOption } from './options.ts';
import { synthesise } from './synthesis.ts';
import { namesOf, templatesOf, unnamedTypes } from './updates.ts';

/** A deployment with everything that can be switched on, by the name of its environment. */
function deployed(environment: string) {
  const known = synthesised.get(environment) ?? describeDeployment(environment);
  synthesised.set(environment, known);
  return known;
}
const synthesised = new Map<string, ReturnType<typeof describeDeployment>>();

function describeDeployment(environment: string) {
  const synthesis = synthesise({ context: { environment }, operations: everyOption });
  const templates = [...templatesOf(synthesis).values()];
  const stacks = Object.values(synthesis.stacks).map(({ stackName }) => stackName);
  const names = templates.flatMap((template) => [...namesOf(template).keys()]);
  const outputs = templates.flatMap(({ Outputs = {} }) =>
    Object.values(Outputs).flatMap(({ Export }) => Export?.Name ?? []),
  );
  return { templates, names: [...stacks, ...names, ...outputs] };
}

/** Every pattern with a wildcard that a policy names resources by. */
const patternsOf = (templates: object): string[] => {
  const text = JSON.stringify(templates);
  // The last part of each ARN, after the account.
  const found = [...text.matchAll(/:([a-z-]+[:/][A-Za-z0-9_/.-]*\*)/g)].map(([, end]) => end!);
  return [...new Set(found)];
};

/** As unlike as two names may be alike: one is the beginning of the other, with a dash or without. */
const pairs = [
  ['dev', 'dev2'],
  ['dev', 'dev-2'],
  ['search', 'search-recommend'],
  ['search', 'search-environment'],
  ['a-team-of-20-letters', 'a-team-of-20-letter'],
] as const;

describe('Two deployments in one account and region', () => {
  it.each(pairs)('%s and %s share no name', (one, other) => {
    // Act
    const [first, second] = [deployed(one), deployed(other)];
    // Assess
    expect(first.names.length).toBeGreaterThan(80);
    expect(first.names.filter((name) => second.names.includes(name))).toStrictEqual([]);
  });

  it.each(pairs)('%s may not touch what is of %s, nor the other way round', (one, other) => {
    for (const [mine, theirs] of [
      [one, other],
      [other, one],
    ] as const) {
      // Arrange: what a run of theirs creates, and what is named in their templates.
      const night = ['training-job', 'endpoint', 'endpoint-config', 'model'].map(
        (kind) => `${kind}/lea-${theirs}--environment-1`,
      );
      const executions = [`execution:lea-${theirs}-nightly:a`];
      const named = deployed(theirs).names.flatMap((name) => {
        const [, type, plain] = /^AWS::\w+::(\w+) "(.*)"$/.exec(name) ?? [];
        return type === undefined
          ? []
          : [`${type.toLowerCase()}/${plain}`, `${type.toLowerCase()}:${plain}`];
      });
      const patterns = patternsOf(deployed(mine).templates).filter((pattern) =>
        pattern.includes(mine),
      );
      // Assess
      expect(patterns.length).toBeGreaterThan(4);
      for (const pattern of patterns) {
        const touched = [...night, ...executions, ...named].filter((name) =>
          matches(pattern, name),
        );
        expect(touched, pattern).toStrictEqual([]);
      }
    }
  });

  it('share no name, whatever may stand behind the first one’s', () => {
    // Arrange: what stands behind the deployment in names, by where names must differ.
    const behind = Map.groupBy(
      deployed('dev').names.flatMap((name) => {
        const at = name.indexOf('lea-dev');
        return at < 0 ? [] : [[name.slice(0, at), name.slice(at + 'lea-dev'.length)] as const];
      }),
      ([before]) => before,
    );
    // Act: `lea-dev` with the longer end is `lea-dev-more` with the shorter one.
    const shared = [...behind.values()].flatMap((names) =>
      names.flatMap(([, longer]) =>
        names.flatMap(([, shorter]) => {
          const more = longer.slice(0, longer.length - shorter.length);
          const isName = /^(-?[a-z0-9])+$/.test(more) && more.length <= 17;
          return longer.endsWith(shorter) && isName ? [`${more} before ${shorter}`] : [];
        }),
      ),
    );
    // Assess
    expect(behind.size).toBeGreaterThan(10);
    expect(shared).toStrictEqual([]);
  });

  it.each([...pairs, ['dev', 'dev-uploads'], ['dev', 'uploads'], ['dev', 'data']] as const)(
    'no role of %s is one of the pipeline’s of %s, nor the other way round',
    (one, other) => {
      for (const [mine, theirs] of [
        [one, other],
        [other, one],
      ] as const) {
        // Arrange
        const paths = deployed(mine).templates.flatMap(({ Resources }) =>
          Object.values(Resources).flatMap(({ Type, Properties }) =>
            Type === 'AWS::IAM::Role' ? [String(Properties?.Path ?? '/')] : [],
          ),
        );
        const trusted = JSON.stringify(deployed(theirs).templates).match(/:role\/[a-z0-9/-]+\/\*/g);
        // Assess
        expect(new Set(paths).size).toBeGreaterThan(2);
        expect(trusted).not.toBeNull();
        for (const path of paths) {
          const matching = trusted!.filter((pattern) => matches(pattern, `:role${path}a`));
          expect(matching, path).toStrictEqual([]);
        }
      }
    },
  );

  it('are compared by the names of every type that has one', () => {
    expect(unnamedTypes(deployed('dev').templates)).toMatchInlineSnapshot(`
      [
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::IAM::Policy",
        "AWS::KMS::Key",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::Logs::LogStream",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "Custom::ContainerImage",
        "Custom::S3AutoDeleteObjects",
      ]
    `);
  });

  it('keep the limits of names with the longest one', () => {
    // Arrange
    const limits: Readonly<Record<string, number>> = {
      'AWS::Lambda::Function': 64,
      'AWS::SQS::Queue': 80,
      'AWS::StepFunctions::StateMachine': 80,
      'AWS::Scheduler::Schedule': 64,
      'AWS::IAM::Role': 64,
      'AWS::KinesisFirehose::DeliveryStream': 64,
      'AWS::SSM::Parameter': 1011,
      'AWS::Budgets::Budget': 100,
      'AWS::CodeDeploy::Application': 100,
      'AWS::CodeDeploy::DeploymentGroup': 100,
    };
    // Act
    const { names } = deployed('a-team-of-20-letters');
    const tooLong = names.filter((name) => {
      const [type, plain] = name.split(' ');
      return plain !== undefined && JSON.parse(plain).length > (limits[type!] ?? 255);
    });
    // Assess
    expect(tooLong).toStrictEqual([]);
  });
});
