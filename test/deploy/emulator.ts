import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Credentials } from '#local/access.ts';

export const account = '111122223333';
export const region = 'eu-west-1';

/** Where an emulator is, or will be. */
export interface Address {
  readonly endpoint: string;
  /** What AWS SDKs and the CDK CLI need to reach it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** An AWS emulator that checks signatures and policies, and lets nobody in without TLS. */
export interface Emulator extends Address {
  readonly log: string;
  stop(): Promise<void>;
}

/**
 * Chooses where an emulator will be, and trusts it from now on.
 *
 * @param dir an empty folder for its state, key and log
 */
export async function chooseAddress(root: string, dir: string): Promise<Address> {
  const endpoint = `https://localhost:${await choosePort()}`;
  const { certificate } = makeCertificate(dir);
  // This process, too, talks to the emulator.
  setDefaultCACertificates([...getCACertificates(), readFileSync(certificate, 'utf8')]);
  const environment = {
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
    HOME: dir,
    // What the emulator and the CDK CLI make there is removed with the folder.
    TMPDIR: dir,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    // Twelve digits are the root user of that account.
    AWS_ACCESS_KEY_ID: account,
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CA_BUNDLE: certificate,
    NODE_EXTRA_CA_CERTS: certificate,
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
  return { endpoint, environment };
}

/**
 * Starts the emulator, after installing it into a virtual environment of its own if need be.
 *
 * @param root the repository's folder
 * @param dir the folder of its address
 * @param sagemaker the server that its calls of SageMaker go on to, and what lets them in
 */
export async function startEmulator(
  root: string,
  dir: string,
  address: Address,
  sagemaker: { readonly server: string; readonly credentials: Credentials },
): Promise<Emulator> {
  const python = install(root);
  const { port } = new URL(address.endpoint);
  const log = join(dir, 'emulator.log');
  const output = openSync(log, 'w');
  const child = spawn(python, [join(root, 'test/deploy/emulator')], {
    env: {
      ...address.environment,
      AUTH: 'true',
      USE_SSL: '1',
      MINISTACK_SSL_CERT: files(dir).certificate,
      MINISTACK_SSL_KEY: files(dir).key,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: port,
      LAMBDA_EXECUTOR: 'local',
      STATE_DIR: join(dir, 'state'),
      SAGEMAKER_SERVER: sagemaker.server,
      SAGEMAKER_ACCESS_KEY_ID: sagemaker.credentials.accessKeyId,
    },
    stdio: ['ignore', output, output],
    detached: true,
  });
  await answering(port, child, log);
  return { ...address, log, stop: () => end(child) };
}

/** @returns the Python of an environment that has exactly what requirements.txt names */
function install(root: string): string {
  const requirements = join(root, 'test/deploy/requirements.txt');
  const folder = join(root, '.cache/ministack');
  const python = join(folder, 'bin/python');
  const installed = join(folder, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return python;
  run('python3', ['-m', 'venv', '--clear', folder]);
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps'];
  run(python, ['-m', 'pip', 'install', ...options, '--requirement', requirements]);
  writeFileSync(installed, wanted);
  return python;
}

/** A free port below those that systems give away unasked: it is taken seconds later, after other servers have started. */
async function choosePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer();
    const listening = await new Promise<boolean>((done) => {
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => done(true));
    });
    if (!listening) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}

const files = (dir: string) => ({
  certificate: join(dir, 'certificate.pem'),
  key: join(dir, 'key.pem'),
});

/** Policies refuse whoever does not come over TLS. */
function makeCertificate(dir: string): { certificate: string; key: string } {
  const { certificate, key } = files(dir);
  run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1'],
    ...['-keyout', key, '-out', certificate],
  ]);
  return { certificate, key };
}

/** Waits until the emulator says that it listens. */
async function answering(port: string, child: ChildProcess, log: string): Promise<void> {
  for (let attempt = 0; attempt < 240; attempt++) {
    const text = readFileSync(log, 'utf8');
    if (text.includes(`Running on https://127.0.0.1:${port}`)) return;
    if (child.exitCode !== null) break;
    await sleep(250);
  }
  throw new Error(`The emulator did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

/** Ends the emulator and the function processes that it started. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  const killer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 10_000);
  await ended;
  clearTimeout(killer);
}

function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): string {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 27, ...options });
  if (result.status === 0) return result.stdout;
  const why = result.error?.message ?? `${result.stdout}${result.stderr}`.trim().slice(-4000);
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} failed:\n${why}`);
}
