import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { fitOnTraining } from '#lib/evaluation/rivals/fit-scorers.ts';
import type { TrainingData } from '#lib/evaluation/rivals/history-scorer.ts';
import type { RivalTask } from '#lib/evaluation/rivals/rivals.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { type BuiltSequences, buildSequences } from '#lib/sequences/build.ts';
import { logOf, type Row } from '../../sequences/arbitraries.ts';

/**
 * Users walk along a ring of items; which part of it is in fashion changes by the day.
 *
 * @param habits `mixed`: each action is the next of the ring or what is in fashion, by chance. `visits`: in the middle of
 *   a visit it is the next, at its beginning what is in fashion
 */
export function taskOf(
  settings: Record<string, unknown> = {},
  habits: 'mixed' | 'visits' = 'mixed',
): RivalTask & TrainingData & Pick<BuiltSequences, 'allActions'> {
  const random = randomStream(4, 'rivals');
  const rows: Row[] = [];
  for (let user = 0; user < 160; user++) {
    let time = 1_500_000_000 + random.integer(10) * 86_400;
    let item = random.integer(30);
    for (let action = 0; action < 8; action++) {
      const goesOn = random.uniform() < 0.5;
      if (habits === 'mixed') time += random.integer(667) * 60;
      else time += goesOn ? 60 : 86_400 + random.integer(600) * 60;
      const day = Math.floor(time / 86_400) % 30;
      const isNext = habits === 'mixed' ? random.uniform() < 0.5 : goesOn;
      item = isNext ? (item + 1) % 30 : (day + random.integer(3)) % 30;
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
  const { excludeHistory } = built.manifest;
  const data = { ...built, baskets: false };
  return {
    ...data,
    cases: built,
    asOf: 'request',
    scorers: fitOnTraining(data, built.validation, excludeHistory),
    excludeHistory,
    window: built.manifest.window,
    split: built.manifest.split,
  };
}
