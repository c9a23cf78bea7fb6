import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a registry knows, for tests: something of one package, or nothing. */
export interface Advisories {
  npm: { readonly name: string; readonly severity: string } | undefined;
  /** What is really known, by package. */
  known: Readonly<Record<string, readonly Advisory[]>>;
  /** Whether it has audits at all. */
  offered: boolean;
}

interface Advisory {
  readonly id: string;
  readonly severity: string;
  readonly vulnerable: string;
}

/** What was known in November 2026 of the packages that `@tensorflow/tfjs-node` 4.22.0 asks for to install itself. */
export const ofInstaller: Advisories['known'] = {
  'adm-zip': [
    { id: 'GHSA-7q85-xj36-vmfc', severity: 'high', vulnerable: '<0.6.1' },
    { id: 'GHSA-vwc7-r8mq-g2x9', severity: 'high', vulnerable: '<0.6.1' },
    { id: 'GHSA-xcpc-8h2w-3j85', severity: 'high', vulnerable: '<0.6.0' },
  ],
  tar: [
    { id: 'GHSA-23hp-3jrh-7fpw', severity: 'critical', vulnerable: '<=7.5.18' },
    { id: 'GHSA-qx2v-qp2m-jg93', severity: 'high', vulnerable: '<=7.5.10' },
    { id: 'GHSA-qffp-2rhf-9h96', severity: 'high', vulnerable: '<=7.5.9' },
    { id: 'GHSA-83g3-92jg-28cx', severity: 'high', vulnerable: '<7.5.8' },
    { id: 'GHSA-34x7-hfp2-rc4v', severity: 'high', vulnerable: '<7.5.7' },
    { id: 'GHSA-r6q2-hw4h-h46w', severity: 'high', vulnerable: '<=7.5.3' },
    { id: 'GHSA-8qq5-rm4j-mr97', severity: 'high', vulnerable: '<=7.5.2' },
  ],
};

export const npmAdvisory = 'GHSA-aaaa-bbbb-cccc';

/** Answers `npm audit` on a free port of this machine. */
export async function startAdvisories(advisories: Advisories) {
  const server = createServer((request, response) => {
    request.resume();
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.method === 'GET') return answer(200, packument(request.url!.slice(1)));
    if (!advisories.offered) return answer(405, {});
    return answer(200, bulkAnswer(advisories));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** npm looks at all versions of what is vulnerable. */
function packument(name: string): object {
  return {
    name,
    'dist-tags': { latest: '999.0.0' },
    versions: { '999.0.0': { name, version: '999.0.0' } },
  };
}

function bulkAnswer({ npm, known }: Advisories): object {
  const all: [name: string, advisories: object[]][] = Object.entries(known).map(
    ([name, advisories]) => [name, advisories.map(published)],
  );
  if (npm !== undefined) {
    const { name, severity } = npm;
    all.push([name, [published({ id: npmAdvisory, severity, vulnerable: '<999.0.0' })]]);
  }
  return Object.fromEntries(all);
}

/** As a registry words it. */
const published = ({ id, severity, vulnerable }: Advisory, place = 0) => ({
  id: place + 1,
  url: `https://github.com/advisories/${id}`,
  title: 'reads too much',
  severity,
  vulnerable_versions: vulnerable,
});
