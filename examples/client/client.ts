/*
 * A client of LEA's recommendations with types: one file, to be copied. What every key means is in docs/serving.md. Requests
 * have to be signed for AWS; give a `fetch` that does, for example that of `aws4fetch`:
 *
 *   const aws = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, service: 'lambda', region });
 *   const lea = createClient(url, aws.fetch.bind(aws));
 *   const { items } = await lea.recommend({ user_id: '17', count: 10, where: { genres: ['drama', 'war'] } });
 */

/** Numbers stand for their text; large ones have to be text. */
type Id = string | number;
type Value = string | number | boolean;

interface Filters {
  exclude?: Id[];
  only?: Id[];
  where?: Record<string, Value | Value[]>;
}

/** Whom a list is for: a user of the logs, or somebody with this history. */
interface Asker {
  user_id?: Id;
  history?: Id[];
  context?: { time?: number; lastActionTime?: number; historyTimes?: number[] };
}

export interface RecommendRequest extends Asker, Filters {
  count?: number;
  exclude_seen?: boolean;
}

export interface SimilarRequest extends Filters {
  item_id: Id;
  count?: number;
}

export interface RerankRequest extends Asker {
  items: Id[];
}

interface Answer {
  requestId: string;
  champion: { run: string; name: string };
  /** `challenger` where two models are compared and the other one answered. */
  variant: 'champion' | 'challenger';
}

interface Item {
  item_id: string;
  title: string;
}

interface MadeOf {
  source: 'model' | 'popularity';
  unknownItems: string[];
  unknownItemCount: number;
}

export interface RecommendAnswer extends Answer, MadeOf {
  items: (Item & { score?: number | undefined; source: 'model' | 'popularity' | 'cold item' })[];
}

export interface SimilarAnswer extends Answer {
  item: Item;
  items: (Item & { score: number })[];
  source: 'embedding' | 'co-occurrence';
}

export interface RerankAnswer extends Answer, MadeOf {
  items: (Item & {
    score?: number | undefined;
    source: 'model' | 'popularity' | 'cold item' | 'unknown';
  })[];
}

/** The request was refused. */
export class LeaError extends Error {
  override readonly name = 'LeaError';
  readonly status: number;
  /** `ValidationError`, `MissingArtefactError`, `UnavailableError`, `NotFound`. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * @param url of the function or the API, with or without a slash at its end
 * @param send signs and sends
 */
export function createClient(
  url: string,
  send: (url: string, init: RequestInit) => Promise<Response> = fetch,
) {
  async function ask<Result>(path: string, request: object): Promise<Result> {
    const response = await send(`${url.replace(/\/$/, '')}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    if (response.ok) return (await response.json()) as Result;
    const refusal = await response.json().catch(() => ({}));
    const { error = 'Unknown', message = response.statusText } = refusal as Record<string, string>;
    throw new LeaError(response.status, error, message);
  }
  return {
    recommend: (request: RecommendRequest) => ask<RecommendAnswer>('recommend', request),
    similar: (request: SimilarRequest) => ask<SimilarAnswer>('similar', request),
    rerank: (request: RerankRequest) => ask<RerankAnswer>('rerank', request),
  };
}
