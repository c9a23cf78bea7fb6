import { type App, CrossStackReferences, ReferenceStrength, Tags } from 'aws-cdk-lib';
import { DataStack } from './data/stack.ts';
import { type Deployment, isDisposable, tagsOf } from './deployment.ts';
import { EnvironmentStack } from './environment/stack.ts';
import { MonitoringStack } from './monitoring/stack.ts';
import { RetrainingStack } from './retraining/stack.ts';
import { ServingStack } from './serving/stack.ts';

/** The five stacks of one deployment. */
export interface Application {
  readonly data: DataStack;
  readonly environment: EnvironmentStack;
  readonly retraining: RetrainingStack;
  readonly serving: ServingStack;
  readonly monitoring: MonitoringStack;
}

/** Adds the five stacks of a deployment to an app. */
export function createApplication(app: App, deployment: Deployment): Application {
  const stackName = (part: string) => `${deployment.name}-${part}`;
  const protect = { terminationProtection: !isDisposable(deployment) };
  // Exports and imports keep a stack from being deleted while another one needs it.
  CrossStackReferences.of(app).consume(ReferenceStrength.STRONG);
  for (const [key, value] of Object.entries(tagsOf(deployment))) Tags.of(app).add(key, value);

  const data = new DataStack(app, stackName('data'), { deployment, ...protect });
  const { bucket, topic } = data;
  const environment = new EnvironmentStack(app, stackName('environment'), { deployment, bucket });
  const retraining = new RetrainingStack(app, stackName('retraining'), {
    deployment,
    bucket,
    topic,
    environment: {
      imageUri: environment.environmentImage.uri,
      role: environment.environmentRole.role,
    },
    trainer: { imageUri: environment.trainerImage.uri, role: environment.trainerRole.role },
  });
  const serving = new ServingStack(app, stackName('serving'), {
    deployment,
    bucket,
    bus: retraining.status.bus,
    topic,
  });
  const monitoring = new MonitoringStack(app, stackName('monitoring'), {
    deployment,
    data,
    environment,
    retraining,
    serving,
  });
  // One order whatever the configuration makes one stack need of another.
  const inOrder = [data, environment, retraining, serving, monitoring];
  for (const [index, stack] of inOrder.slice(1).entries())
    stack.addStackDependency(inOrder[index]!);
  return { data, environment, retraining, serving, monitoring };
}
