import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';

/**
 * `npm run pin:images`: asks the registry which image the tag of each base image stands for now, and writes its digest into the
 * Dockerfiles. `-- --check` changes nothing and ends with 1 where a digest is another one, or no longer there.
 */
const dockerfiles = ['containers/environment/Dockerfile', 'containers/trainer/Dockerfile'];
const pinned =
  /\b(?<host>[\w-]+(?:\.[\w-]+)+(?::\d+)?)\/(?<name>[\w./-]+):(?<tag>[\w.-]+)@(?<digest>sha256:[0-9a-f]{64})/g;

/** Kinds of lists of images, one for each platform. */
const lists = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** @returns the digest of a tag, or of another digest; undefined when the registry does not have it */
export async function digestOf({ host, name }, reference, scheme = 'https') {
  const url = `${scheme}://${host}/v2/${name}/manifests/${reference}`;
  let response = await fetch(url, { method: 'HEAD', headers: { accept: lists.join(', ') } });
  if (response.status === 401) {
    const token = await anonymousToken(response.headers.get('www-authenticate') ?? '');
    response = await fetch(url, {
      method: 'HEAD',
      headers: { accept: lists.join(', '), authorization: `Bearer ${token}` },
    });
  }
  if (response.status === 404) return undefined;
  const digest = response.headers.get('docker-content-digest');
  if (!response.ok || digest === null) throw new Error(`${url} answered ${response.status}`);
  return digest;
}

/** Registries give everybody a token for what is public. */
async function anonymousToken(challenge) {
  const part = (key) => new RegExp(`${key}="([^"]*)"`).exec(challenge)?.[1];
  const realm = part('realm');
  if (realm === undefined)
    throw new Error(`the registry does not say where tokens are: ${challenge}`);
  const url = new URL(realm);
  for (const key of ['service', 'scope']) url.searchParams.set(key, part(key) ?? '');
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const { token } = await response.json();
  return token;
}

/** @returns the text of a Dockerfile with the digests that its tags stand for now, and what is said about each */
export async function renew(text, scheme) {
  const news = [];
  let renewed = text;
  const found = new Map([...text.matchAll(pinned)].map((match) => [match[0], match.groups]));
  for (const [reference, image] of found) {
    const digest = await digestOf(image, image.tag, scheme);
    if (digest === undefined) throw new Error(`${image.host} has no ${image.name}:${image.tag}`);
    if (digest === image.digest) continue;
    const isThere = (await digestOf(image, image.digest, scheme)) !== undefined;
    news.push(
      `${image.name}:${image.tag} is now ${digest}; ${image.digest} is ${isThere ? 'still there' : 'GONE'}`,
    );
    renewed = renewed.replaceAll(reference, reference.replace(image.digest, digest));
  }
  return { text: renewed, news };
}

async function main() {
  const isCheck = process.argv.includes('--check');
  for (const file of dockerfiles) {
    const path = join(root, file);
    const { text, news } = await renew(readFileSync(path, 'utf8'));
    for (const one of news) console.log(`${file}: ${one}`);
    if (news.length === 0) console.log(`${file}: as the registry has it`);
    else if (isCheck) process.exitCode = 1;
    else writeFileSync(path, text);
  }
}

if (import.meta.main ?? import.meta.url === `file://${process.argv[1]}`) {
  try {
    await main();
  } catch (error) {
    console.error(
      `The registry could not be asked: ${error.message} (${error.cause?.message ?? 'no more is known'}).`,
    );
    process.exitCode = 2;
  }
}
