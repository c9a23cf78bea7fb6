import { settleAll } from '../settle.ts';
import { Endpoint, type EndpointDescription } from './endpoint.ts';
import { SageMakerError } from './errors.ts';
import type { Listed } from './listing.ts';
import type { SageMakerOptions } from './options.ts';
import {
  type CreateEndpointConfigRequest,
  type CreateModelRequest,
  createEndpointConfigRequest,
  createEndpointRequest,
  createModelRequest,
  parseRequest,
} from './requests.ts';

/** Seconds that an endpoint has to end when this machine's cloud ends. */
const shutdownGraceSeconds = 1;

interface Created {
  /** Unix milliseconds. */
  readonly CreationTime: number;
}

/** Models, endpoint configurations and endpoints by name. */
export class Endpoints {
  readonly #options: SageMakerOptions;
  readonly #models = new Map<string, CreateModelRequest & Created>();
  readonly #configs = new Map<string, CreateEndpointConfigRequest & Created>();
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(options: SageMakerOptions) {
    this.#options = options;
  }

  createModel(args: unknown): { ModelArn: string } {
    const request = parseRequest(createModelRequest, 'CreateModel', args);
    const arn = this.#arn('model', request.ModelName);
    if (this.#models.has(request.ModelName)) {
      throw invalid(`Cannot create already existing model "${arn}".`);
    }
    this.#options.image(request.PrimaryContainer.Image);
    this.#models.set(request.ModelName, { ...request, CreationTime: Date.now() });
    return { ModelArn: arn };
  }

  describeModel(name: string): object {
    const { Tags: _, ...model } = this.#model(name);
    return { ...model, ModelArn: this.#arn('model', name) };
  }

  deleteModel(name: string): void {
    this.#model(name);
    this.#models.delete(name);
  }

  createConfig(args: unknown): { EndpointConfigArn: string } {
    const request = parseRequest(createEndpointConfigRequest, 'CreateEndpointConfig', args);
    const arn = this.#arn('endpoint-config', request.EndpointConfigName);
    if (this.#configs.has(request.EndpointConfigName)) {
      throw invalid(`Cannot create already existing endpoint configuration "${arn}".`);
    }
    for (const { ModelName } of request.ProductionVariants) this.#model(ModelName);
    this.#configs.set(request.EndpointConfigName, { ...request, CreationTime: Date.now() });
    return { EndpointConfigArn: arn };
  }

  describeConfig(name: string): object {
    const { Tags: _, ...config } = this.#config(name);
    return { ...config, EndpointConfigArn: this.#arn('endpoint-config', name) };
  }

  deleteConfig(name: string): void {
    this.#config(name);
    this.#configs.delete(name);
  }

  /** Returns at once; the endpoint is `Creating` until its container answers `/ping`. */
  create(args: unknown): { EndpointArn: string } {
    const { EndpointName, EndpointConfigName } = parseRequest(
      createEndpointRequest,
      'CreateEndpoint',
      args,
    );
    const arn = this.#arn('endpoint', EndpointName);
    if (this.#endpoints.has(EndpointName)) {
      throw invalid(`Cannot create already existing endpoint "${arn}".`);
    }
    const variant = this.#config(EndpointConfigName).ProductionVariants[0]!;
    const model = this.#model(variant.ModelName);
    const parts = { name: EndpointName, arn, configName: EndpointConfigName, model, variant };
    this.#endpoints.set(EndpointName, new Endpoint(parts, this.#options));
    return { EndpointArn: arn };
  }

  describe(name: string): EndpointDescription {
    return this.#endpoint(name).description;
  }

  list(): Listed[] {
    return [...this.#endpoints.values()].map(({ description }) => ({
      name: description.EndpointName,
      arn: description.EndpointArn,
      status: description.EndpointStatus,
      createdAt: description.CreationTime,
      modifiedAt: description.LastModifiedTime,
    }));
  }

  listModels(): Listed[] {
    return [...this.#models.values()].map(({ ModelName, CreationTime }) => ({
      name: ModelName,
      arn: this.#arn('model', ModelName),
      createdAt: CreationTime,
    }));
  }

  listConfigs(): Listed[] {
    return [...this.#configs.values()].map(({ EndpointConfigName, CreationTime }) => ({
      name: EndpointConfigName,
      arn: this.#arn('endpoint-config', EndpointConfigName),
      createdAt: CreationTime,
    }));
  }

  /**
   * Resolves when nothing of the endpoint is left: one machine has no second instance for what comes next.
   *
   * @throws SageMakerError for one that does not exist or is still being created, as on AWS
   */
  async delete(name: string): Promise<void> {
    const endpoint = this.#endpoint(name);
    if (endpoint.description.EndpointStatus === 'Creating') {
      throw invalid(`Cannot update in-progress endpoint "${this.#arn('endpoint', name)}".`);
    }
    await endpoint.delete();
    this.#endpoints.delete(name);
  }

  /** Ends every endpoint, whatever its status: nobody asks them any more, and they have nothing to save. */
  async stopAll(): Promise<void> {
    const endpoints = [...this.#endpoints.values()];
    await settleAll(endpoints.map((endpoint) => endpoint.delete(shutdownGraceSeconds)));
    this.#endpoints.clear();
  }

  /** Where an endpoint that is in service listens; undefined when there is none of this name. */
  address(name: string): { url: string; variant: string } | undefined {
    const endpoint = this.#endpoints.get(name);
    if (endpoint?.url === undefined) return undefined;
    return { url: endpoint.url, variant: endpoint.variantName };
  }

  #arn(kind: string, name: string): string {
    const { region, account } = this.#options;
    return `arn:aws:sagemaker:${region}:${account}:${kind}/${name}`;
  }

  #model(name: string): CreateModelRequest & Created {
    const model = this.#models.get(name);
    if (model !== undefined) return model;
    throw invalid(`Could not find model "${this.#arn('model', name)}".`);
  }

  #config(name: string): CreateEndpointConfigRequest & Created {
    const config = this.#configs.get(name);
    if (config !== undefined) return config;
    throw invalid(`Could not find endpoint configuration "${this.#arn('endpoint-config', name)}".`);
  }

  #endpoint(name: string): Endpoint {
    const endpoint = this.#endpoints.get(name);
    if (endpoint !== undefined) return endpoint;
    throw invalid(`Could not find endpoint "${this.#arn('endpoint', name)}".`);
  }
}

function invalid(message: string): SageMakerError {
  return new SageMakerError('ValidationException', message);
}
