import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PipelineError } from '#lib/contracts/errors.ts';
import { root } from '../../setup/paths.mjs';

/** What the synthesised templates and bundles depend on. */
const sources = [
  'bin/app.ts',
  'stacks',
  'functions',
  'platform',
  'lib',
  'layers',
  'config',
  'cdk.json',
  'package-lock.json',
];

/** Longer than any run that still works with its assembly. */
const keptDays = 7;

/**
 * Synthesises the CDK app with a configuration, unless the same sources and configuration have been before.
 *
 * @param signal stops it
 * @returns the cloud assembly's folder
 * @throws PipelineError with what CDK printed
 */
export async function synthesise(configFile: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(configFile));
  for (const source of sources) addToHash(hash, source);
  const assemblies = join(root, '.cache/assemblies');
  const folder = join(assemblies, hash.digest('hex').slice(0, 16));
  const now = new Date();
  if (existsSync(join(folder, 'manifest.json'))) {
    utimesSync(folder, now, now);
    return folder;
  }
  if (existsSync(assemblies)) removeUnused(assemblies, now);
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const args = ['synth', '--quiet', '--output', unfinished, '--context', `config=${configFile}`];
  try {
    await promisify(execFile)(join(root, 'node_modules/.bin/cdk'), args, {
      cwd: root,
      maxBuffer: 2 ** 26,
      signal,
      env: {
        ...process.env,
        // The app is run by the pinned Node.js, whichever one the host has.
        PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        // The template rules are a test's job (`npm test`); here they would take most of the time.
        CDK_VALIDATION: 'false',
      },
    });
  } catch (cause) {
    rmSync(unfinished, { recursive: true, force: true });
    const { stderr, stdout } = cause as { stderr?: string; stdout?: string };
    throw new PipelineError('SynthesisFailed', `cdk synth failed:\n${stderr}${stdout}`, { cause });
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
  return folder;
}

/** Removes what nobody has asked for in a week: each change of a source makes another assembly. */
export function removeUnused(assemblies: string, now: Date): void {
  const oldest = now.getTime() - keptDays * 24 * 3_600_000;
  for (const name of readdirSync(assemblies)) {
    const folder = join(assemblies, name);
    if (statSync(folder).mtimeMs < oldest) rmSync(folder, { recursive: true, force: true });
  }
}

function addToHash(hash: ReturnType<typeof createHash>, path: string): void {
  const full = join(root, path);
  if (!existsSync(full)) return;
  if (/\.(ts|mjs|json)$/.test(path)) {
    hash.update(`\n${path}\n`).update(readFileSync(full));
    return;
  }
  const entries = readdirSync(full, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory() || /\.(ts|mjs|json)$/.test(entry.name)) {
      addToHash(hash, `${path}/${entry.name}`);
    }
  }
}
