import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';

/** What the set-up makes: an update takes it over. */
const made = ['.venv', '.cache'];

/** Where copies of installed packages are. */
function dataFolder() {
  const { LEA_HOME, XDG_DATA_HOME } = process.env;
  return LEA_HOME || join(XDG_DATA_HOME || join(homedir(), '.local/share'), 'lea');
}

/** By npm, and not a checkout, of which `npx lea` may be run. */
export const isInstalled = (folder) => realpathSync(folder).split(sep).includes('node_modules');

/**
 * The folder that the program runs from: a checkout as it is; of a package that npm has installed a copy in the user's
 * data folder, because Node.js reads no TypeScript below `node_modules`, and what the set-up makes has to be the user's.
 * Its `node_modules` is a link to the installed one. Another version, or the same installed again, replaces the copy.
 *
 * @param installed the checkout's or the package's folder
 * @returns a folder with all files of the product
 */
export function findHome(installed, data = dataFolder()) {
  const source = realpathSync(installed);
  if (!isInstalled(source)) return source;
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  // Files of a package have the times of its packing; when it was installed is when their entries changed.
  const { ctimeMs } = statSync(join(source, 'package.json'));
  const place = join(data, createHash('sha256').update(source).digest('hex').slice(0, 8));
  const home = join(place, `${version}-${Math.round(ctimeMs).toString(36)}`);
  if (existsSync(home)) return home;

  const unfinished = join(place, `.${basename(home)}.${process.pid}`);
  mkdirSync(unfinished, { recursive: true });
  for (const entry of readdirSync(source)) {
    if (entry !== 'node_modules')
      cpSync(join(source, entry), join(unfinished, entry), { recursive: true });
  }
  symlinkSync(findModules(source), join(unfinished, 'node_modules'));
  const older = readdirSync(place).filter((name) => !name.startsWith('.'));
  for (const name of made) {
    const from = older.map((one) => join(place, one, name)).find((path) => existsSync(path));
    if (from !== undefined) renameSync(from, join(unfinished, name));
  }
  try {
    renameSync(unfinished, home);
  } catch (error) {
    // Another command has made it meanwhile.
    if (!existsSync(home)) throw error;
    rmSync(unfinished, { recursive: true, force: true });
  }
  for (const one of older) rmSync(join(place, one), { recursive: true, force: true });
  return home;
}

/** Installed for all folders a package has its dependencies below itself, installed into one project beside itself. */
function findModules(source) {
  const own = join(source, 'node_modules');
  return existsSync(join(own, 'node')) ? own : dirname(source);
}
