import { TaskError } from '#local/state-machine/errors.ts';
import type { TaskResource } from '#local/state-machine/resources.ts';
import type { TaskResources } from '#local/state-machine/run.ts';
import { send } from './api.ts';
import { type Address, account, region } from './emulator.ts';

/** An action of IAM's, and the resource that it is done to. */
type Permission = readonly [action: string, resource: string];

const kinds: Readonly<Record<string, string>> = {
  Endpoint: 'endpoint',
  EndpointConfig: 'endpoint-config',
  Model: 'model',
  TrainingJob: 'training-job',
};

/** What a Task state's call of SageMaker, Lambda or SNS needs. */
function permissionsFor(resource: string, args: Record<string, unknown>): readonly Permission[] {
  if (resource.endsWith(':lambda:invoke')) {
    return [['lambda:InvokeFunction', String(args.FunctionName)]];
  }
  if (resource.endsWith(':sns:publish')) return [['sns:Publish', String(args.TopicArn)]];
  const called = /:sagemaker:(create|describe|delete)(\w+)(?:\.sync)?$/.exec(resource);
  if (called === null) throw new Error(`It is not known what ${resource} needs.`);
  const [, verb = '', kind = ''] = called;
  const action = `sagemaker:${verb[0]!.toUpperCase()}${verb.slice(1)}${kind}`;
  // An endpoint is made from a configuration, on which the action must be allowed, too.
  const named = action === 'sagemaker:CreateEndpoint' ? [kind, 'EndpointConfig'] : [kind];
  return named.map((part) => {
    const name = String(args[`${part}Name`]).toLowerCase();
    return [action, `arn:aws:sagemaker:${region}:${account}:${kinds[part]}/${name}`];
  });
}

/** Whether the policies of a role allow something, as IAM's simulator finds. */
async function isAllowed(address: Address, role: string, [action, resource]: Permission) {
  const body = new URLSearchParams({
    Action: 'SimulatePrincipalPolicy',
    Version: '2010-05-08',
    PolicySourceArn: role,
    'ActionNames.member.1': action,
    'ResourceArns.member.1': resource,
  }).toString();
  const contentType = 'application/x-www-form-urlencoded';
  const response = await send(address, { service: 'iam', contentType, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`Simulating ${action} failed: ${text}`);
  return text.includes('<EvalDecision>allowed</EvalDecision>');
}

/** The same Task resources for a role: a call that its policies do not allow fails as in Step Functions. */
export function asRole(address: Address, role: string, resources: TaskResources): TaskResources {
  const checked = Object.entries(resources).map(([name, task]): [string, TaskResource] => [
    name,
    async (args, context) => {
      for (const needed of permissionsFor(name, args as Record<string, unknown>)) {
        if (await isAllowed(address, role, needed)) continue;
        const [action, resource] = needed;
        throw new TaskError('States.Permissions', `${role} may not ${action} on ${resource}.`);
      }
      return task(args, context);
    },
  ]);
  return Object.fromEntries(checked);
}
