import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { renew } from '../../setup/pin-images.mjs';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** A registry as AWS's public one: it wants an anonymous token, then says which digest a tag or a digest has. */
let host: string;
let has: Record<string, string>;
const server = createServer((request, response) => {
  const url = new URL(request.url!, 'http://registry');
  if (url.pathname === '/token') {
    const scope = url.searchParams.get('scope');
    return response.end(JSON.stringify({ token: `for ${scope}` }));
  }
  if (request.headers.authorization !== 'Bearer for repository:library/python:pull') {
    const challenge = `Bearer realm="http://${host}/token",service="registry",scope="repository:library/python:pull"`;
    return response.writeHead(401, { 'www-authenticate': challenge }).end();
  }
  const found = has[url.pathname.replace('/v2/library/python/manifests/', '')];
  if (found === undefined) return response.writeHead(404).end();
  return response.writeHead(200, { 'docker-content-digest': found }).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  has = { '3.11': digest('a'), [digest('a')]: digest('a'), [digest('b')]: digest('b') };
});

const dockerfile = (of: string) => `FROM ${host}/library/python:3.11@${of} AS build\nRUN true\n`;

describe('Function: renew', () => {
  it('leaves a digest that the tag still stands for', async () => {
    expect(await renew(dockerfile(digest('a')), 'http')).toStrictEqual({
      text: dockerfile(digest('a')),
      news: [],
    });
  });

  it.each([
    ['b', /is still there$/],
    ['c', /is GONE$/],
  ])('puts in the digest that the tag stands for now, in place of %s', async (old, said) => {
    // Act
    const { text, news } = await renew(dockerfile(digest(old)), 'http');
    // Assess
    expect(text).toBe(dockerfile(digest('a')));
    expect(news).toStrictEqual([expect.stringMatching(said)]);
  });

  it('says which tag a registry does not have', async () => {
    has = {};
    await expect(renew(dockerfile(digest('a')), 'http')).rejects.toThrow(
      'has no library/python:3.11',
    );
  });
});
