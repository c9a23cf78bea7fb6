// `node bin/node.mjs PROGRAM ...`: any TypeScript program of the repository, on whatever Node.js the host has: the
// pinned one is put in place and runs it. What it reports on the way is no part of the program's output.
import { launch } from '../setup/launch.mjs';
import { setUpNode } from '../setup/node.mjs';

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error(
    'Usage: node bin/node.mjs PROGRAM [arguments], for example examples/goodbooks/convert.ts',
  );
  process.exit(2);
}
launch(() => setUpNode(console.error), program, args);
