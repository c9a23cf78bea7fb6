import { nativeEnvironment } from '#lib/graph/native-environment.ts';

/** glibc reads its settings when a process starts; one that was started without them replaces itself once. */
export function ensureNativeEnvironment(): void {
  if (process.env.MALLOC_MMAP_THRESHOLD_ !== undefined || process.execve === undefined) return;
  const args = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ...process.argv.slice(1),
  ];
  process.execve(process.execPath, args, { ...nativeEnvironment(), ...process.env });
}
