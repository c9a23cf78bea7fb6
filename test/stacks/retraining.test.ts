import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { runs, uploads, vectors } from '#lib/contracts/keys.ts';
import { languageProblems } from '#local/state-machine/language-check.ts';
import { containerAccess } from '#stacks/access.ts';
import { allStates, definitionOf, type State } from './definition.ts';
import { matches, statementsOf } from './iam.ts';
import { synthesise } from './synthesis.ts';

const synthesis = synthesise();
const template = synthesis.template('retraining');
const definition = definitionOf(template);
const states = allStates(definition.States);
const role = template.findResources('AWS::StepFunctions::StateMachine');
const [machine] = Object.values(role);
const statements = statementsOf(template, machine!.Properties.RoleArn['Fn::GetAtt'][0]);

/** The permissions that a state needs of the machine's role. */
function actionsOf(state: State): string[] {
  const actions: string[] = [];
  const integration = state.Resource?.replace(/^arn:<AWS::Partition>:states:::/, '');
  if (integration === 'lambda:invoke') actions.push('lambda:InvokeFunction');
  else if (integration === 'sns:publish') actions.push('sns:Publish');
  else if (integration === 'sagemaker:createTrainingJob.sync') {
    actions.push(
      ...['CreateTrainingJob', 'DescribeTrainingJob', 'StopTrainingJob', 'ListTags', 'AddTags'].map(
        (a) => `sagemaker:${a}`,
      ),
      ...['PutTargets', 'PutRule', 'DescribeRule'].map((a) => `events:${a}`),
      'iam:PassRole',
    );
  } else if (integration?.startsWith('aws-sdk:sagemaker:')) {
    const operation = integration.split(':')[2]!;
    actions.push(`sagemaker:${operation.charAt(0).toUpperCase()}${operation.slice(1)}`);
    if (operation === 'createModel') actions.push('iam:PassRole');
  } else if (integration !== undefined) {
    throw new Error(`Say which permissions ${integration} needs.`);
  }
  if (state.ItemProcessor?.ProcessorConfig.Mode === 'DISTRIBUTED') {
    actions.push(
      ...['StartExecution', 'DescribeExecution', 'StopExecution', 'RedriveExecution'].map(
        (a) => `states:${a}`,
      ),
    );
  }
  if (state.ItemReader !== undefined) actions.push('s3:ListBucket', 's3:GetObject');
  if (state.ResultWriter !== undefined) {
    actions.push(
      's3:PutObject',
      's3:GetObject',
      's3:ListMultipartUploadParts',
      's3:AbortMultipartUpload',
    );
  }
  return actions;
}

describe('The nightly state machine', () => {
  it('is valid Amazon States Language', () => {
    // asl-validator, less what it rejects and Step Functions accepts.
    expect(languageProblems(definition as never)).toStrictEqual([]);
  });

  it('may do what its states do, and nothing else', () => {
    // Arrange
    const needed = new Set(states.flatMap(([, state]) => actionsOf(state)));
    const delivery = /^(logs|xray|kms):/;
    // Act
    const granted = new Set(
      statements.flatMap((one) => one.actions).filter((action) => !delivery.test(action)),
    );
    // Assess
    expect([...granted].sort()).toStrictEqual([...needed].sort());
  });

  it('may invoke exactly the functions that it invokes', () => {
    const invoked = states.flatMap(([, state]) =>
      state.Resource?.endsWith(':lambda:invoke') ? [String(state.Arguments!.FunctionName)] : [],
    );
    const allowed = statements
      .filter((one) => one.actions.includes('lambda:InvokeFunction'))
      .flatMap((one) => one.resources);
    // What is invoked is a version, which stays; what is allowed is every version of the same functions.
    const versions = template.findResources('AWS::Lambda::Version');
    const functionsOf = [...new Set(invoked)].map((version) => {
      const { DeletionPolicy, Properties } = versions[version.replace(/^<|>$/g, '')]!;
      expect(DeletionPolicy).toBe('Retain');
      return `<${Properties.FunctionName.Ref}.Arn>:*`;
    });
    expect([...new Set(allowed)].sort()).toStrictEqual(functionsOf.sort());
  });

  it('passes roles to SageMaker only, and only the two', () => {
    const passing = statements.filter((one) => one.actions.includes('iam:PassRole'));
    expect(passing).toHaveLength(1);
    expect(passing[0]!.condition).toStrictEqual({
      StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
    });
    expect(passing[0]!.resources).toHaveLength(2);
    for (const resource of passing[0]!.resources) expect(resource).not.toContain('*');
  });

  it('touches nothing in SageMaker that is not named after the deployment', () => {
    const resources = statements
      .filter((one) => one.actions.some((action) => action.startsWith('sagemaker:')))
      .flatMap((one) => one.resources);
    const named = [...new Set(resources.map((resource) => resource.split(':').at(-1)))];
    expect(named.sort()).toStrictEqual([
      'endpoint-config/lea-dev--environment-*',
      'endpoint/lea-dev--*',
      'model/lea-dev--environment-*',
      'training-job/lea-dev--*',
    ]);
  });

  it('names models and configurations after all that they are asked for with', () => {
    // Arrange
    const vpc = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789ab'] };
    const inside = definitionOf(synthesise({ operations: { vpc } }).template('retraining'));
    const { CreateEnvironmentModel, CreateEndpointConfiguration, StartEnvironment } = inside.States;
    const { ModelName: _, ...model } = CreateEnvironmentModel!.Arguments!;
    const {
      EndpointConfigName: __,
      Tags,
      ProductionVariants,
    } = CreateEndpointConfiguration!.Arguments!;
    const [{ ModelName, InstanceType, ...variant }] = ProductionVariants! as [
      Record<string, string>,
    ];
    const withoutBraces = (content: object) =>
      JSON.parse(JSON.stringify(content).replaceAll(/\{%|%\}/g, ''));
    // Act
    const hashed = (name: string) => {
      const [literal] = /"\{.*\}"/.exec(String(StartEnvironment!.Assign![name]))!;
      return JSON.parse(JSON.parse(literal));
    };
    // Assess
    expect(hashed('model')).toStrictEqual(withoutBraces(model));
    expect(hashed('endpointConfig')).toStrictEqual(withoutBraces({ model, variant }));
    expect(Tags).toStrictEqual(model.Tags);
    expect(ModelName).toBe('{% $model %}');
    const instanceType = InstanceType!.replaceAll(/\{% | %\}/g, '');
    expect(StartEnvironment!.Assign!.endpointConfig).toContain(
      ` & ${instanceType} & " " & $string($askingInstances), "SHA-256")`,
    );
  });

  it('trains on spot instances, saves checkpoints, and never runs without a limit', () => {
    const jobs = states.filter(([, state]) => state.Resource?.endsWith('createTrainingJob.sync'));
    expect(jobs).toHaveLength(4);
    for (const [, { Arguments }] of jobs) {
      expect(Arguments).toMatchObject({
        EnableManagedSpotTraining: true,
        CheckpointConfig: { S3Uri: expect.any(String) },
        StoppingCondition: {
          MaxRuntimeInSeconds: expect.any(Number),
          MaxWaitTimeInSeconds: expect.any(Number),
        },
      });
    }
  });

  it('asks for a host that fits the image, and tells every container what it was given', () => {
    // Arrange
    const given = (types: object) => {
      const { States } = definitionOf(synthesise({ operations: types }).template('retraining'));
      const all = new Map(allStates(States));
      const argumentsOf = (name: string) =>
        all.get(name)!.Arguments! as unknown as {
          ProductionVariants: [{ InferenceAmiVersion?: string }];
          PrimaryContainer: { Environment: object };
          Environment: object;
        };
      const environmentOf = (name: string) => argumentsOf(name).Environment;
      return {
        ami: argumentsOf('CreateEndpointConfiguration').ProductionVariants[0].InferenceAmiVersion,
        asked: argumentsOf('CreateEnvironmentModel').PrimaryContainer.Environment,
        fitted: environmentOf('FitEnvironmentJob'),
        trained: environmentOf('TrainRecommenderJob'),
      };
    };
    const ami = 'al2023-ami-sagemaker-inference-gpu-4-1';
    const gpu = {
      ACCELERATOR: 'nvidia',
      REQUIRED_NVIDIA_DRIVER: '580',
      COMPATIBLE_NVIDIA_DRIVER: '535',
    };
    // Act, assess
    expect(given({})).toStrictEqual({
      ami,
      asked: { ...gpu, INFERENCE_AMI_VERSION: ami },
      fitted: gpu,
      trained: { ACCELERATOR: 'none' },
    });
    expect(given({ environmentInstanceTypes: ['ml.m5.2xlarge'] })).toStrictEqual({
      ami: undefined,
      asked: { ACCELERATOR: 'none' },
      fitted: { ACCELERATOR: 'none' },
      trained: { ACCELERATOR: 'none' },
    });
  });

  it('tags what costs money, and lets no container reach a network', () => {
    const created = states.filter(([, { Resource }]) =>
      /:create(TrainingJob\.sync|Model|EndpointConfig|Endpoint)$/.test(Resource ?? ''),
    );
    expect(created).toHaveLength(7);
    for (const [name, { Arguments }] of created) {
      expect(Arguments!.Tags, name).toContainEqual({ Key: 'deployment', Value: 'lea-dev' });
      if (/Endpoint/.test(name)) continue;
      expect(Arguments!.EnableNetworkIsolation, name).toBe(true);
    }
  });

  it('joins the network that the configuration names, and may', () => {
    // Arrange
    const vpc = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789ab'] };
    const inside = synthesise({ operations: { vpc } });
    const networks = { Subnets: vpc.subnetIds, SecurityGroupIds: vpc.securityGroupIds };
    // Act
    const joining = allStates(definitionOf(inside.template('retraining')).States)
      .filter(([, { Arguments }]) => Arguments?.VpcConfig !== undefined)
      .map(([name, { Arguments }]) => [name, Arguments!.VpcConfig]);
    // Assess
    expect(joining).toStrictEqual([
      ['FitEnvironmentJob', networks],
      ['CreateEnvironmentModel', networks],
      ['MakeVectorsJob', networks],
      ['TrainRecommenderJob', networks],
      ['RefitWinnerJob', networks],
    ]);
    inside.template('environment').resourcePropertiesCountIs(
      'AWS::IAM::Policy',
      Match.objectLike({
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Action: Match.arrayWith(['ec2:CreateNetworkInterfacePermission']) }),
          ]),
        },
      }),
      2,
    );
  });

  it('repeats every call with jitter', () => {
    for (const [name, state] of states) {
      if (state.Type !== 'Task' || name.startsWith('Announce')) continue;
      expect(state.Retry?.length, name).toBeGreaterThan(0);
      for (const retry of state.Retry!) expect(retry.JitterStrategy, name).toBe('FULL');
    }
  });

  it('logs every state, but not what goes in and out', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });
});

describe('The roles of the containers', () => {
  const uris = JSON.stringify(definition).match(/s3:\/\/<[^>]+>\/[^"\\]*/g)!;
  const used = (part: string) => uris.some((uri) => uri.includes(part));

  it('cover the places that the definition names', () => {
    const { environment, trainer } = containerAccess;
    const covers = (patterns: readonly string[], key: string) =>
      patterns.some((pattern) => matches(pattern, key));
    // Sequences and base model are named by `plan-environment`, see its test.
    expect(used('/environments/')).toBe(true);
    expect(covers(environment.read, `${uploads.baseModelPrefix('x')}config.json`)).toBe(true);
    expect(covers(environment.read, runs.itemTable('a'))).toBe(true);
    expect(covers(environment.read, 'environments/v/manifest.json')).toBe(true);
    expect(covers(environment.read, runs.catalogue('a'))).toBe(true);
    expect(covers(environment.read, vectors.part('x', 'y', 'z'))).toBe(true);
    expect(covers(trainer.read, runs.augmentedShard('a', 1))).toBe(true);
    expect(covers(trainer.read, runs.itemVectors('a'))).toBe(true);
    expect(covers(trainer.read, runs.allActions('a', 1))).toBe(true);
    expect(covers(trainer.read, runs.beforeTest('a', 1))).toBe(true);
    expect(covers(trainer.read, runs.fittedRivals('a', 'before-test').weights)).toBe(true);
    // The champion's files, for the task `score`.
    expect(covers(trainer.read, runs.modelManifest('a', 'b'))).toBe(true);
    for (const { write } of [environment, trainer]) {
      expect(covers(write, `${runs.jobsPrefix('a')}job/output/model/x`)).toBe(true);
      expect(covers(write, `${runs.checkpointsPrefix('a', 'b')}x`)).toBe(true);
      expect(covers(write, 'champion.json')).toBe(false);
      expect(covers(write, runs.modelManifest('a', 'b'))).toBe(false);
    }
  });
});

describe('The schedule', () => {
  it('starts the machine in the configured time zone, and says when it was meant to', () => {
    const berlin = synthesise({
      operations: { schedule: 'cron(15 4 * * ? *)', timeZone: 'Europe/Berlin' },
    }).template('retraining');
    berlin.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(15 4 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      Target: Match.objectLike({
        Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}',
        DeadLetterConfig: Match.anyValue(),
      }),
    });
  });

  it('is not there when nothing is scheduled', () => {
    const idle = synthesise({ operations: { schedule: null } });
    idle.template('retraining').resourceCountIs('AWS::Scheduler::Schedule', 0);
    const alarms = idle.template('monitoring').findResources('AWS::CloudWatch::Alarm');
    const names = Object.values(alarms).map((alarm) => alarm.Properties.AlarmName);
    expect(names).not.toContain('lea-dev-no-recent-success');
    expect(names).not.toContain('lea-dev-starts-dead');
  });
});
