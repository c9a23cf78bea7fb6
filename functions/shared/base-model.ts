import { uploads } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';

/** Names of a base model's files, each with a tag of its content; none if nobody has uploaded it. */
export async function listBaseModel(
  objects: Objects,
  baseModel: string,
): Promise<[name: string, etag: string][]> {
  const prefix = uploads.baseModelPrefix(baseModel);
  const files: [string, string][] = [];
  for await (const { key, etag } of objects.list(prefix)) {
    files.push([key.slice(prefix.length), etag]);
  }
  return files;
}
