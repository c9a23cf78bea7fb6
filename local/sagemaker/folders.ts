import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';

/** What becomes of the folders in place of `/opt/ml`. */
export interface FolderOptions {
  /** Folder below which each container has its own. */
  readonly dir: string;
  /** Keep them for inspection; a container's folder goes when it ends otherwise. */
  readonly keepFolders: boolean;
  readonly onWarning: (message: string) => void;
}

/** Removes one container's folder. One that cannot be removed now goes with the next start, and is no failure. */
export async function removeFolder(root: string, options: FolderOptions): Promise<void> {
  if (options.keepFolders) return;
  await rm(root, { recursive: true, force: true }).catch((error: Error) => {
    options.onWarning(`${root} could not be removed: ${error.message}`);
  });
}

/** Removes what containers of a process that was killed left behind. */
export function sweepFolders({ dir, keepFolders }: FolderOptions): void {
  if (!keepFolders) rmSync(dir, { recursive: true, force: true });
}
