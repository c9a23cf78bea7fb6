import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { ensureNativeEnvironment } from '../containers/trainer/native-process.ts';

/**
 * `npm run bench -- trainer [--only TEXT] [--rounds N] [--list]`: the trainer's steps and full ranking beside the same
 * mathematics in PyTorch (`peers/trainer.py`), measured by turns in the same run; whole lines beside one prefix per sample;
 * a catalogue of a million items. One JSON line a number; a ratio above 1 is better than the peer. Close everything else.
 */
ensureNativeEnvironment();
const { cases, runCase } = await import('./trainer/cases.ts');
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    list: { type: 'boolean', default: false },
  },
});
const chosen = cases.filter(({ name }) => name.includes(options.only));
if (options.list) {
  for (const { name } of chosen) console.log(name);
} else {
  for (const each of chosen) {
    process.stderr.write(`${each.name} (load ${loadavg()[0]!.toFixed(1)})\n`);
    for (const line of await runCase(each, Number(options.rounds))) {
      console.log(JSON.stringify({ bench: 'trainer', case: each.name, ...line }));
    }
  }
}
