import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { LocalError, TemplateError } from '../errors.ts';
import type { Guardian } from '../processes/guardian.ts';
import { settleAll } from '../settle.ts';
import { placeOf, propertiesOf } from '../template/properties.ts';
import type { Resource, Templates } from '../template/templates.ts';
import { LocalFunction } from './function.ts';
import { optFolder, unpackLayers } from './layers.ts';

/** The properties of AWS::Lambda::Function that matter here. */
const functionProperties = z.looseObject({
  Runtime: z.string().optional(),
  Handler: z.string().optional(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  Environment: z
    .object({ Variables: z.record(z.string(), z.coerce.string()).default({}) })
    .default({ Variables: {} }),
  Code: z.looseObject({ ZipFile: z.string().optional(), S3Key: z.string().optional() }),
  Layers: z.array(z.string()).default([]),
  ReservedConcurrentExecutions: z.coerce.number().optional(),
});

export interface FunctionsOptions {
  readonly templates: Templates;
  /** Folder for logs and for code that a template has inline. */
  readonly dir: string;
  readonly logs: string;
  readonly guardian: Guardian;
  readonly region: string;
  /** Variables that every function gets, such as the endpoints of the local services. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables that have another value here than in the templates. */
  readonly replaced?: Readonly<Record<string, string>>;
  readonly concurrency: number;
}

/** All functions of the templates by name. They are checked and started when they are first called. */
export class LocalFunctions {
  readonly #options: FunctionsOptions;
  readonly #resources: Map<string, Resource>;
  readonly #started = new Map<string, LocalFunction>();

  constructor(options: FunctionsOptions) {
    this.#options = options;
    const resources = options.templates.resources('AWS::Lambda::Function');
    this.#resources = new Map(resources.map((resource) => [resource.name, resource]));
  }

  /**
   * @param nameOrArn a function's name or ARN, with or without a version or alias
   * @throws LocalError when there is none, TemplateError when it is not one that can run here
   */
  get(nameOrArn: string): LocalFunction {
    const name = nameOrArn.startsWith('arn:') ? nameOrArn.split(':')[6]! : nameOrArn.split(':')[0]!;
    const started = this.#started.get(name);
    if (started !== undefined) return started;
    const resource = this.#resources.get(name);
    if (resource === undefined) {
      throw new LocalError('FunctionNotFound', `Function not found: ${nameOrArn}`);
    }
    const created = this.#create(resource);
    this.#started.set(name, created);
    return created;
  }

  async stop(): Promise<void> {
    await settleAll([...this.#started.values()].map((started) => started.stop()));
  }

  #create(resource: Resource): LocalFunction {
    const { guardian, concurrency, logs } = this.#options;
    const properties = propertiesOf(resource, functionProperties);
    const { Runtime, Handler, Timeout, MemorySize, Environment, Layers } = properties;
    const { ReservedConcurrentExecutions } = properties;
    if (Handler === undefined || Runtime?.startsWith('nodejs') !== true) {
      throw new TemplateError(
        `The runtime is ${Runtime ?? 'that of a container image'}; only Node.js functions with a bundle run on one machine.`,
        placeOf(resource),
      );
    }
    const codeDir = this.#code(resource, properties.Code);
    const opt = optFolder(this.#options.dir, resource.name);
    if (Layers.length > 0) unpackLayers(this.#options.templates, Layers, opt);
    mkdirSync(logs, { recursive: true });
    return new LocalFunction(
      {
        name: resource.name,
        arn: resource.attributes.Arn!,
        codeDir,
        handler: Handler,
        timeoutSeconds: Timeout,
        memoryMegabytes: MemorySize,
        environment: {
          ...systemEnvironment(),
          ...this.#options.environment,
          ...Environment.Variables,
          ...this.#options.replaced,
          _HANDLER: Handler,
          LAMBDA_TASK_ROOT: codeDir,
          OPT_ROOT: opt,
          AWS_LAMBDA_FUNCTION_NAME: resource.name,
          AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
          AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${resource.name}`,
          AWS_LAMBDA_LOG_STREAM_NAME: 'local',
          AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        },
        logFile: join(logs, `${resource.name}.log`),
        concurrency: Math.min(concurrency, ReservedConcurrentExecutions ?? concurrency),
      },
      guardian,
    );
  }

  /** The folder of the bundled code; inline code is written to a folder first. */
  #code(resource: Resource, code: { ZipFile?: string | undefined; S3Key?: string | undefined }) {
    if (code.S3Key !== undefined) {
      const path = this.#options.templates.asset(resource.stack, code.S3Key);
      if (statSync(path).isDirectory()) return path;
      throw new TemplateError(
        `${path} is an archive; functions run from folders that CDK bundled.`,
        placeOf(resource),
      );
    }
    if (code.ZipFile === undefined) {
      throw new TemplateError('There is no code that can run here.', placeOf(resource));
    }
    const folder = join(this.#options.dir, 'inline', resource.name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
    writeFileSync(join(folder, 'index.js'), code.ZipFile);
    return folder;
  }
}

/** What a process needs of the machine, and nothing of the caller's AWS settings. */
function systemEnvironment(): Record<string, string> {
  const names = [
    'PATH',
    'HOME',
    'TMPDIR',
    'LD_LIBRARY_PATH',
    'SSL_CERT_FILE',
    'NODE_EXTRA_CA_CERTS',
    'NODE_COMPILE_CACHE',
  ];
  const kept = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), TZ: ':UTC', LANG: 'en_US.UTF-8' };
}
