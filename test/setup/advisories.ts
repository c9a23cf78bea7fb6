import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a registry knows, for tests: something of one package, or nothing. */
export interface Advisories {
  npm: { readonly name: string; readonly severity: string } | undefined;
  /** Whether it has audits at all. */
  offered: boolean;
}

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

function bulkAnswer({ npm }: Advisories): object {
  if (npm === undefined) return {};
  const { name, severity } = npm;
  const url = `https://github.com/advisories/${npmAdvisory}`;
  const advisory = {
    id: 1,
    url,
    title: 'reads too much',
    severity,
    vulnerable_versions: '<999.0.0',
  };
  return { [name]: [advisory] };
}
