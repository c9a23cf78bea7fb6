import { S3Client } from '@aws-sdk/client-s3';
import { send } from './api.ts';
import { type Address, region } from './emulator.ts';

/** A call of IAM or STS. @returns the answer's text */
async function query(
  address: Address,
  service: 'iam' | 'sts',
  input: Readonly<Record<string, string>>,
): Promise<string> {
  const version = { iam: '2010-05-08', sts: '2011-06-15' }[service];
  const body = new URLSearchParams({ Version: version, ...input }).toString();
  const contentType = 'application/x-www-form-urlencoded';
  const response = await send(address, { service, contentType, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${input.Action} failed with ${response.status}: ${text}`);
  return text;
}

/** The credentials that an answer has. */
function credentialsIn(answer: string) {
  const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer)?.[1];
  const sessionToken = field('SessionToken');
  return {
    accessKeyId: field('AccessKeyId')!,
    secretAccessKey: field('SecretAccessKey')!,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

type Credentials = ReturnType<typeof credentialsIn>;

/** S3 for somebody with these credentials. */
export function s3Of(address: Address, credentials: Credentials): S3Client {
  return new S3Client({
    endpoint: address.endpoint,
    region,
    forcePathStyle: true,
    credentials,
  });
}

/** The credentials of a session of a role. */
export async function assumeRole(address: Address, roleArn: string): Promise<Credentials> {
  const input = { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'check' };
  return credentialsIn(await query(address, 'sts', input));
}

/** S3 in a session of a role. */
export async function s3AsRole(address: Address, roleArn: string): Promise<S3Client> {
  return s3Of(address, await assumeRole(address, roleArn));
}

/** S3 for a new user whom IAM lets do everything with S3. */
export async function s3AsCarelessUser(address: Address): Promise<S3Client> {
  const user = { UserName: 'careless' };
  await query(address, 'iam', { Action: 'CreateUser', ...user });
  const statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
  await query(address, 'iam', {
    Action: 'PutUserPolicy',
    ...user,
    PolicyName: 'everything',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
  });
  return s3Of(
    address,
    credentialsIn(await query(address, 'iam', { Action: 'CreateAccessKey', ...user })),
  );
}
