import { describe, expect, it } from 'vitest';
import { environments, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { matches, toText } from './iam.ts';
import { everyOption } from './options.ts';
import { type Synthesis, synthesise } from './synthesis.ts';

const administrator = 'arn:aws:iam::111122223333:role/administrators';
const shop = { name: 'shop', accounts: ['222233334444'], externalId: 'from-the-shop' };
const operations = {
  inbox: {
    operators: [administrator],
    sources: [shop, { name: 'models', catalog: false, baseModels: true }],
  },
};
const parts = ['data', 'environment', 'retraining', 'serving', 'monitoring'] as const;
const synthesis = synthesise({ operations });

interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Principal?: unknown;
}

const list = (value: unknown): string[] =>
  (value === undefined ? [] : [value].flat()).map((one) =>
    toText(one).replace('<AWS::Partition>', 'aws').replace('<AWS::AccountId>', '111122223333'),
  );

/** The statements of the policy of the data bucket, not of that of its access logs. */
function bucketStatements({ template }: Synthesis): Statement[] {
  const policies = Object.values(template('data').findResources('AWS::S3::BucketPolicy'));
  return policies
    .filter(({ Properties }) => !JSON.stringify(Properties.Bucket).includes('AccessLogs'))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}

/**
 * Whether a policy of a bucket denies something. Of conditions it knows those that the policy has; who comes by TLS is
 * not denied for want of it.
 */
function isDenied(statements: readonly Statement[], who: string, action: string, key: string) {
  return statements.some((statement) => {
    const { Effect, Action, Resource, NotResource, Condition = {} } = statement;
    if (Effect !== 'Deny' || !list(Action).some((pattern) => matches(pattern, action)))
      return false;
    const covers = (patterns: string[]) =>
      patterns.some((pattern) => matches(pattern.replace(/^<[^>]*>/, 'BUCKET'), `BUCKET/${key}`));
    if (Resource !== undefined && !covers(list(Resource))) return false;
    if (NotResource !== undefined && covers(list(NotResource))) return false;
    return Object.entries(Condition).every(([operator, keys]) => {
      if (operator === 'Bool') return 'aws:SecureTransport' in keys && false;
      if (operator !== 'ArnNotLike') throw new Error(`What does ${operator} say?`);
      const exempt = list(keys['aws:PrincipalArn']);
      return !exempt.some((pattern) => matches(pattern, who));
    });
  });
}

const careless = 'arn:aws:iam::111122223333:role/may-do-everything-in-s3';
const pipeline = 'arn:aws:iam::111122223333:role/lea-dev/lea-dev-retraining-NightlyRole1234';
const internals = [
  serving.champion,
  serving.championHistory('a'),
  environments.latest,
  environments.manifest('v'),
  runs.config('a'),
  runs.modelManifest('a', 'b'),
  uploads.report('u'),
  'anything',
];

describe('The policy of the data bucket', () => {
  const statements = bucketStatements(synthesis);
  const denied = (who: string, key: string, action = 's3:PutObject') =>
    isDenied(statements, who, action, key);

  it.each(internals)('keeps whoever may write to the bucket away from %s', (key) => {
    for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion']) {
      expect(denied(careless, key, action), action).toBe(true);
    }
    expect(denied(pipeline, key)).toBe(false);
    expect(denied(administrator, key)).toBe(false);
  });

  it('leaves logs and catalogue to those whom IAM lets', () => {
    expect(denied(careless, `${uploads.logsPrefix}a.jsonl`)).toBe(false);
    expect(denied(careless, `${uploads.catalogPrefix}a.jsonl`)).toBe(false);
  });

  it('asks for a grant of its own for base models', () => {
    const key = `${uploads.baseModelPrefix('m')}config.json`;
    expect(denied(careless, key)).toBe(true);
    expect(denied(pipeline, key)).toBe(false);
    const granted = statements.find(({ Sid }) => Sid === 'BaseModelsNeedAGrantOfTheirOwn');
    const roles = list(granted!.Condition!.ArnNotLike!['aws:PrincipalArn']);
    expect(roles.filter((role) => role.startsWith('<Uploadermodels'))).toHaveLength(1);
    expect(roles.filter((role) => role.startsWith('<Uploadershop'))).toHaveLength(0);
  });

  it('tells roles of the pipeline from those of a deployment whose name goes on', () => {
    expect(denied(pipeline.replaceAll('lea-dev', 'lea-dev-2'), serving.champion)).toBe(true);
  });

  it('lets nobody read who may not', () => {
    expect(denied(careless, serving.champion, 's3:GetObject')).toBe(false);
    for (const { Effect } of statements) expect(Effect).toBe('Deny');
  });

  it.each(['dev', 'a-team-of-20-letters'])(
    'lets what empties a disposable bucket of %s delete, whatever its name is cut to',
    (environment) => {
      // Arrange
      const context = { environment };
      const disposable = synthesise({ context, operations: { isDisposable: true } });
      const protects = bucketStatements(disposable).filter(({ Effect }) => Effect === 'Deny');
      const [id, role] = Object.entries(
        disposable.template('data').findResources('AWS::IAM::Role'),
      ).find(([one]) => one.startsWith('CustomS3AutoDelete'))!;
      // CloudFormation cuts the names of stack and resource, so that 64 characters are enough.
      const name = `${disposable.stacks.data.stackName.slice(0, 25)}-${id.slice(0, 25)}-0123456789ab`;
      const emptier = `arn:aws:iam::111122223333:role${role.Properties.Path ?? '/'}${name}`;
      // Assess
      expect(isDenied(protects, emptier, 's3:DeleteObjectVersion', 'anything')).toBe(false);
      expect(denied(emptier.replace(environment, 'other'), 'anything', 's3:DeleteObject')).toBe(
        true,
      );
    },
  );
});

const roles = parts.flatMap((part) =>
  Object.entries(synthesis.template(part).findResources('AWS::IAM::Role')),
);

describe('Roles', () => {
  it('that touch objects are on the pipeline’s path, which uploaders’ are not', () => {
    // Arrange
    const policies = parts.flatMap((part) =>
      Object.values(synthesis.template(part).findResources('AWS::IAM::Policy')),
    );
    const touching = policies
      .filter(({ Properties }) =>
        (Properties.PolicyDocument.Statement as Statement[]).some(
          ({ Action, Resource }) =>
            list(Action).includes('s3:PutObject') &&
            JSON.stringify(Resource).includes('DataBucket'),
        ),
      )
      .flatMap(({ Properties }) => Properties.Roles as { Ref: string }[])
      .map(({ Ref }) => Ref);
    // Act
    const paths = roles
      .filter(([id]) => touching.includes(id))
      .map(([id, { Properties }]) => [/^Uploader/.test(id), Properties.Path]);
    // Assess
    expect(paths.length).toBeGreaterThan(10);
    for (const [isUploader, path] of paths) {
      expect(path).toBe(isUploader ? '/uploads/lea-dev/' : '/lea-dev/');
    }
  });

  it('trust services on behalf of this account only, those that CDK makes included', () => {
    // Arrange: with every part that has a role of its own.
    const all = synthesise({ operations: everyOption });
    const everyRole = parts.flatMap((part) =>
      Object.entries(all.template(part).findResources('AWS::IAM::Role')),
    );
    const trusts = everyRole.flatMap(([id, { Properties }]) =>
      (Properties.AssumeRolePolicyDocument.Statement as Statement[])
        .filter(({ Principal }) => 'Service' in (Principal as object))
        .flatMap(({ Condition, Principal }) => {
          const { Service } = Principal as { Service: unknown };
          // Firehose says for whom it comes by the external id (stacks/constructs/impression-stream.ts).
          const accounts =
            Service === 'firehose.amazonaws.com'
              ? [
                  Condition?.StringEquals?.['sts:ExternalId'],
                  Condition?.StringEqualsIfExists?.['aws:SourceAccount'],
                ]
              : [Condition?.StringEquals?.['aws:SourceAccount']];
          return accounts.map((account) => [id, account] as const);
        }),
    );
    expect(trusts.length).toBeGreaterThan(20);
    const ours = JSON.stringify({ Ref: 'AWS::AccountId' });
    const others = trusts.filter(([, account]) => JSON.stringify(account) !== ours);
    expect(others.map(([id]) => id)).toStrictEqual([]);
  });

  it('list nothing without a prefix', () => {
    const listing = parts
      .flatMap((part) => Object.values(synthesis.template(part).findResources('AWS::IAM::Policy')))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
      .filter(({ Action }) => list(Action).includes('s3:ListBucket'));
    expect(listing.length).toBeGreaterThan(15);
    for (const { Condition } of listing) {
      expect(Object.keys(Condition!)).toStrictEqual(['StringLike']);
      expect(list(Condition!.StringLike!['s3:prefix']).length).toBeGreaterThan(0);
    }
  });

  it('of a source are for its account, and for its own prefixes', () => {
    // Arrange
    const of = (name: string) => roles.find(([id]) => id.startsWith(`Uploader${name}`))!;
    const [id, { Properties }] = of('shop');
    const [trust] = Properties.AssumeRolePolicyDocument.Statement as Statement[];
    // Act
    const granted = Object.values(synthesis.template('data').findResources('AWS::IAM::Policy'))
      .filter((policy) => policy.Properties.Roles[0].Ref === id)
      .flatMap((policy) => policy.Properties.PolicyDocument.Statement as Statement[]);
    // Assess
    expect(list(Object.values(trust!.Principal as object))).toStrictEqual([
      'arn:aws:iam::222233334444:root',
    ]);
    expect(trust!.Condition).toStrictEqual({ StringEquals: { 'sts:ExternalId': 'from-the-shop' } });
    const writable = granted
      .filter(({ Action }) => list(Action).includes('s3:PutObject'))
      .flatMap(({ Resource }) => list(Resource))
      .map((resource) => resource.replace(/^<[^>]*>\//, ''));
    expect(writable.sort()).toStrictEqual(['catalog/shop/*', 'logs/shop/*']);
    expect(granted.flatMap(({ Action }) => list(Action))).not.toContain('s3:GetObject');
  });
});
