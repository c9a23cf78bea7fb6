import { join } from 'node:path';
import { acceleratorVariables } from '#lib/contracts/accelerators.ts';
import { nativeEnvironment } from '#lib/graph/native-environment.ts';
import { nodeBinary, python, root } from '../../setup/paths.mjs';

/** Whatever instance type the templates ask for, this machine has what it has. */
const accelerator = { [acceleratorVariables.accelerator]: 'none' };

/** The container images of the templates, as processes of this machine. */
export const localImages = [
  {
    match: 'lea-environment',
    command: (task: 'train' | 'serve') => [python, '-m', 'environment', task],
    cwd: join(root, 'containers/environment'),
    env: accelerator,
  },
  {
    match: 'lea-trainer',
    command: (task: 'train' | 'serve') => [
      nodeBinary(),
      join(root, 'containers/trainer/main.ts'),
      task,
    ],
    cwd: root,
    env: { ...nativeEnvironment(), ...accelerator },
  },
];
