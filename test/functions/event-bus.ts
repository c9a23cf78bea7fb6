import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What somebody put on a bus. */
export interface PutEvent {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** EventBridge's door on this machine, as far as `PutEvents` needs one. */
export async function startEventBus() {
  const put: PutEvent[] = [];
  const door = { isThere: true };
  const server = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    outgoing.setHeader('content-type', 'application/x-amz-json-1.1');
    if (!door.isThere) {
      outgoing.writeHead(400);
      outgoing.end('{"__type":"ResourceNotFoundException","message":"There is no such bus."}');
      return;
    }
    const { Entries } = JSON.parse(body) as { readonly Entries: readonly PutEvent[] };
    put.push(...Entries);
    outgoing.end(JSON.stringify({ FailedEntryCount: 0, Entries: Entries.map(() => ({})) }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    put,
    door,
    stop: () =>
      new Promise<void>((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
}
