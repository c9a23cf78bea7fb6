import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Where everything listens. */
export const loopback = '127.0.0.1';

/** How long another address of this machine may take to answer itself. */
const probeMilliseconds = 500;

/** A port on loopback that is free now; whoever binds next may take it, so it is used at once. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, loopback, done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/**
 * An address besides loopback at which a port answers, so that other machines may reach it; undefined when there is none.
 * What listens on all addresses also does on the second one of Linux's loopback network, whatever interfaces there are.
 */
export async function exposedAddress(port: number): Promise<string | undefined> {
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0)
    .map(({ address }) => address);
  for (const address of ['127.0.0.2', ...others]) {
    if (await answers(address, port)) return address;
  }
  return undefined;
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: probeMilliseconds });
    const settle = (isConnected: boolean) => {
      socket.destroy();
      done(isConnected);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
