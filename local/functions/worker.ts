/**
 * The process of one function: imports the bundled handler and serves invocations one after another, as the
 * Node.js runtime of Lambda does. It speaks with its parent over IPC; standard output is the function's log.
 */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  FunctionError,
  InvocationRequest,
  InvocationResponse,
  WorkerSettings,
} from './protocol.ts';

type Handler = (event: unknown, context: object) => unknown;

const { codeDir, handler: handlerName } = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;

const codeUrl = `${pathToFileURL(codeDir).href}/`;
const hasManifest = existsSync(join(codeDir, 'package.json'));

registerHooks({
  resolve(specifier, context, next) {
    try {
      const found = next(specifier, context);
      // As on Lambda, no package.json above the bundle says what its `.js` files are.
      const ownScript = found.url.startsWith(codeUrl) && found.url.endsWith('.js');
      return ownScript && !hasManifest ? { ...found, format: 'commonjs' } : found;
    } catch (error) {
      // Lambda's runtime brings the AWS SDK along; bundles may leave it out.
      if (!/^@(aws-sdk|smithy)\//.test(specifier)) throw error;
      return next(specifier, { ...context, parentURL: import.meta.url });
    }
  },
});

let loaded: Promise<Handler> | undefined;

process.on('message', async (request: InvocationRequest) => {
  const begun = performance.now();
  const before = process.cpuUsage();
  loaded ??= load();
  const response = await invoke(request);
  const { user, system } = process.cpuUsage(before);
  const megabytes = Math.ceil(process.resourceUsage().maxRSS / 1024);
  // Lambda's last line of an invocation, and what its bill does not say: the processor's time.
  console.log(
    [
      `REPORT RequestId: ${request.requestId}`,
      `Duration: ${(performance.now() - begun).toFixed(2)} ms`,
      `CPU Time: ${((user + system) / 1000).toFixed(2)} ms`,
      `Memory Size: ${request.memoryMegabytes} MB`,
      `Max Memory Used: ${megabytes} MB`,
    ].join('\t'),
  );
  process.send?.(response);
});
// The parent is gone: nobody waits for an answer.
process.on('disconnect', () => process.exit(0));

async function invoke(request: InvocationRequest): Promise<InvocationResponse> {
  try {
    const handler = await loaded!;
    const result = await handler(JSON.parse(request.payload), lambdaContext(request));
    return { ok: true, payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    return { ok: false, error: describe(error) };
  }
}

async function load(): Promise<Handler> {
  const dot = basename(handlerName).lastIndexOf('.');
  const file = join(codeDir, dirname(handlerName), basename(handlerName).slice(0, dot));
  const name = basename(handlerName).slice(dot + 1);
  const path = ['.mjs', '.js', '.cjs'].map((ending) => file + ending).find((p) => existsSync(p));
  if (path === undefined) {
    throw named('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);
  }
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const exports = (module.default ?? {}) as Record<string, unknown>;
  const handler = module[name] ?? exports[name];
  if (typeof handler === 'function') return handler as Handler;
  throw named('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function lambdaContext({ requestId, functionArn, memoryMegabytes, deadline }: InvocationRequest) {
  const functionName = process.env.AWS_LAMBDA_FUNCTION_NAME;
  return {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: memoryMegabytes,
    awsRequestId: requestId,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function describe(error: unknown): FunctionError {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  console.error(error);
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: error.stack?.split('\n') ?? [],
  };
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
