import type * as z from 'zod';
import { ConflictError } from '#lib/contracts/errors.ts';
import type { LookedAtObjects, VersionedObjects } from '#lib/contracts/objects.ts';

/**
 * Objects in memory with the conditional writes of S3. `beforeWrite` runs before each write: there another process
 * can be let in, or this one killed.
 */
export class MemoryObjects implements VersionedObjects, LookedAtObjects {
  readonly contents = new Map<string, { readonly body: string; readonly etag: string }>();
  beforeWrite: (key: string) => void = () => {};
  #version = 0;

  async getVersion<T>(key: string, schema: z.ZodType<T>) {
    const found = this.contents.get(key);
    return found && { value: schema.parse(JSON.parse(found.body)), etag: found.etag };
  }

  async head(key: string) {
    const found = this.contents.get(key);
    return found && { key, bytes: found.body.length };
  }

  async putIfAbsent(key: string, body: string): Promise<boolean> {
    this.beforeWrite(key);
    if (this.contents.has(key)) return false;
    this.put(key, body);
    return true;
  }

  async putIfMatch(key: string, body: string, etag: string): Promise<string> {
    this.beforeWrite(key);
    if (this.contents.get(key)?.etag !== etag) throw new ConflictError(`${key} has changed.`);
    return this.put(key, body);
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.contents.delete(key);
  }

  put(key: string, body: string): string {
    const etag = `"${++this.#version}"`;
    this.contents.set(key, { body, etag });
    return etag;
  }
}
