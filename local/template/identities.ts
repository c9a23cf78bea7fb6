import { createHash } from 'node:crypto';

/** Where resources live. */
export interface Place {
  readonly account: string;
  readonly region: string;
  /** Of the local S3 and SQS server; queue URLs begin with it. */
  readonly endpoint: string;
}

/** What `Ref` and `Fn::GetAtt` give for a resource. */
export interface Identity {
  readonly name: string;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

type Describe = (name: string, place: Place) => Omit<Identity, 'name'>;

const arn = (service: string, resource: (name: string) => string): Describe => {
  return (name, { account, region }) => ({
    ref: name,
    attributes: { Arn: `arn:aws:${service}:${region}:${account}:${resource(name)}` },
  });
};

/** Types whose `Ref` or attributes are not "the name, and an `Arn` made of it". */
const types: Readonly<Record<string, { nameProperty?: string; describe: Describe }>> = {
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    describe: (name, { region }) => ({
      ref: name,
      attributes: {
        Arn: `arn:aws:s3:::${name}`,
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
      },
    }),
  },
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    describe: (name, { account, region, endpoint }) => ({
      ref: `${endpoint}/${account}/${name}`,
      attributes: {
        Arn: `arn:aws:sqs:${region}:${account}:${name}`,
        QueueName: name,
        QueueUrl: `${endpoint}/${account}/${name}`,
      },
    }),
  },
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    describe: arn('lambda', (name) => `function:${name}`),
  },
  // There is one version of a function here, whatever it is called.
  'AWS::Lambda::Version': {
    nameProperty: 'FunctionName',
    describe: (name, { account, region }) => ({
      ref: `arn:aws:lambda:${region}:${account}:function:${name}:1`,
      attributes: { Version: '1' },
    }),
  },
  'AWS::Lambda::Url': {
    describe: (name, { region }) => ({
      ref: name,
      attributes: { FunctionUrl: `https://${name.toLowerCase()}.lambda-url.${region}.on.aws/` },
    }),
  },
  'AWS::Lambda::LayerVersion': {
    nameProperty: 'LayerName',
    describe: (name, { account, region }) => {
      const layer = `arn:aws:lambda:${region}:${account}:layer:${name}:1`;
      return { ref: layer, attributes: { LayerVersionArn: layer } };
    },
  },
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    describe: (name, { account, region }) => {
      const machine = `arn:aws:states:${region}:${account}:stateMachine:${name}`;
      return { ref: machine, attributes: { Arn: machine, Name: name } };
    },
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    describe: (name, { account, region }) => {
      const topic = `arn:aws:sns:${region}:${account}:${name}`;
      return { ref: topic, attributes: { TopicArn: topic, TopicName: name } };
    },
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    describe: (name, { account }) => ({
      ref: name,
      attributes: { Arn: `arn:aws:iam::${account}:role/${name}`, RoleId: `AROA${name}` },
    }),
  },
  'AWS::KMS::Key': {
    nameProperty: 'KeyId',
    describe: (name, { account, region }) => ({
      ref: name,
      attributes: { Arn: `arn:aws:kms:${region}:${account}:key/${name}`, KeyId: name },
    }),
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    describe: arn('logs', (name) => `log-group:${name}:*`),
  },
  'AWS::KinesisFirehose::DeliveryStream': {
    nameProperty: 'DeliveryStreamName',
    describe: arn('firehose', (name) => `deliverystream/${name}`),
  },
  'AWS::Events::Rule': { nameProperty: 'Name', describe: arn('events', (name) => `rule/${name}`) },
  'AWS::Events::EventBus': {
    nameProperty: 'Name',
    describe: (name, { account, region }) => ({
      ref: name,
      attributes: { Arn: `arn:aws:events:${region}:${account}:event-bus/${name}`, Name: name },
    }),
  },
  'AWS::ECR::Repository': {
    nameProperty: 'RepositoryName',
    describe: (name, { account, region }) => ({
      ref: name,
      attributes: {
        Arn: `arn:aws:ecr:${region}:${account}:repository/${name}`,
        RepositoryUri: `${account}.dkr.ecr.${region}.amazonaws.com/${name}`,
      },
    }),
  },
  'AWS::SSM::Parameter': {
    nameProperty: 'Name',
    describe: (name, { account, region }) => ({
      ref: name,
      attributes: { Arn: `arn:aws:ssm:${region}:${account}:parameter/${name}` },
    }),
  },
};

/** The property that names a resource of this type, if it has one that matters here. */
export function nameProperty(type: string): string | undefined {
  return types[type]?.nameProperty;
}

/**
 * @param given the name that the template gives; without one, a name is made of the stack and the logical id,
 *   the same at every start
 */
export function identify(
  type: string,
  stack: string,
  logicalId: string,
  given: string | undefined,
  place: Place,
): Identity {
  const name = given ?? generatedName(type, stack, logicalId);
  const service = type.split('::')[1]?.toLowerCase() ?? 'cloudformation';
  const describe = types[type]?.describe ?? arn(service, (resource) => resource);
  return { name, ...describe(name, place) };
}

function generatedName(type: string, stack: string, logicalId: string): string {
  const name = `${stack}-${logicalId}`;
  const lower = type === 'AWS::S3::Bucket' || type === 'AWS::ECR::Repository';
  const text = lower ? name.toLowerCase() : name;
  if (text.length <= 63) return text;
  // Service limits on names start at 63 characters.
  return `${text.slice(0, 54)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
