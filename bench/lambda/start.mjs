import { performance } from 'node:perf_hooks';

/**
 * `node start.mjs HANDLER REQUESTS ITEMS WINDOW`: a new instance of a function, as Lambda starts one. Prints in
 * milliseconds how long the import of the bundle took, when the first request for recommendations was answered (since
 * the process began), and how long each later one took, on the clock and of processors. Histories are `WINDOW` of `ITEMS` items, different each time.
 */
const [, , handlerPath, ...numbers] = process.argv;
const [requests, items, window] = numbers.map(Number);
const context = { functionName: 'f', awsRequestId: 'r', getRemainingTimeInMillis: () => 20_000 };
const eventOf = (request) => ({
  history: Array.from({ length: window }, (_, at) => `item-${(request * 7919 + at * 31) % items}`),
  count: 20,
});

const began = performance.now();
const { handler } = await import(handlerPath);
const imported = performance.now() - began;
let firstAnswer = null;
const later = [];
const laterProcessor = [];
for (let request = 0; request < requests; request++) {
  const event = eventOf(request);
  const used = process.cpuUsage();
  const asked = performance.now();
  await handler(event, context);
  const answered = performance.now();
  if (request === 0) firstAnswer = answered;
  else {
    later.push(answered - asked);
    const { user, system } = process.cpuUsage(used);
    laterProcessor.push((user + system) / 1000);
  }
}
process.stdout.write(`\n${JSON.stringify({ imported, firstAnswer, later, laterProcessor })}`);
// Clients keep connections open.
process.exit(0);
