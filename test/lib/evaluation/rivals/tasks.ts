import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { RivalTask } from '#lib/evaluation/rivals/rivals.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { logOf, type Row } from '../../sequences/arbitraries.ts';

/** Users walk along a ring of items; which part of it is in fashion changes by the day. */
export function taskOf(settings: Record<string, unknown> = {}): RivalTask {
  const random = randomStream(4, 'rivals');
  const rows: Row[] = [];
  for (let user = 0; user < 160; user++) {
    let time = 1_500_000_000 + random.integer(10) * 86_400;
    let item = random.integer(30);
    for (let action = 0; action < 8; action++) {
      time += random.integer(667) * 60;
      const day = Math.floor(time / 86_400) % 30;
      item = random.uniform() < 0.5 ? (item + 1) % 30 : (day + random.integer(3)) % 30;
      rows.push({
        user_id: `u${user}`,
        item_id: `i${item}`,
        timestamp: time,
        event_type: null,
        key: 'k',
        line: rows.length,
      } as Row);
    }
  }
  const config = sequencesConfig.parse({ split: 'global-time', excludeHistory: true, ...settings });
  const built = buildSequences(logOf(rows), config);
  return {
    ...built,
    cases: built,
    baskets: false,
    asOf: 'request',
    excludeHistory: built.manifest.excludeHistory,
    window: built.manifest.window,
    split: built.manifest.split,
  };
}
