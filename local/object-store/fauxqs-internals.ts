import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What fauxqs has but does not export; the package is pinned, so it is loaded by path.
 *
 * @throws Error when the package's layout is another
 */
export function loadInternal<Exports>(path: string): Promise<Exports> {
  const manifest = findPackageJSON('fauxqs', import.meta.url);
  if (manifest === undefined) throw new Error('The package fauxqs is not installed: run npm ci.');
  return import(pathToFileURL(join(dirname(manifest), 'dist', path)).href) as Promise<Exports>;
}
