import { join } from 'node:path';
import { nativeEnvironment } from '#lib/graph/native-environment.ts';
import { nodeBinary, python, root } from '../../setup/paths.mjs';

/** The container images of the templates, as processes of this machine. */
export const localImages = [
  {
    match: 'lea-environment',
    command: (task: 'train' | 'serve') => [python, '-m', 'environment', task],
    cwd: join(root, 'containers/environment'),
    env: {},
  },
  {
    match: 'lea-trainer',
    command: (task: 'train' | 'serve') => [
      nodeBinary(),
      join(root, 'containers/trainer/main.ts'),
      task,
    ],
    cwd: root,
    env: nativeEnvironment(),
  },
];
