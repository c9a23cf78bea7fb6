// Runs where npm installs this as a package, before the installers of its dependencies: that of tfjs-node would download a
// release of TensorFlow which nothing here uses (setup/tensorflow.mjs puts the right one in place when it is needed), and
// fails wherever it cannot.
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const installer = ['node_modules', '..']
  .map((place) => join(folder, place, '@tensorflow/tfjs-node/scripts/install.js'))
  .find((path) => existsSync(path));
if (installer !== undefined) writeFileSync(installer, '// The set-up of LEA does this.\n');
