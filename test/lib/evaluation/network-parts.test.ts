import { describe, expect, it } from 'vitest';
import { stepsOf, weightsOfStep } from '#lib/evaluation/network-parts.ts';

const blend = {
  components: ['network', 'sequential-rules'],
  halfLives: [86_400],
  moderators: ['absence', 'recency'],
};

describe('Function: stepsOf', () => {
  it('adds one part after the other up to the whole blend', () => {
    expect(stepsOf(blend)).toEqual([
      { added: 'network', columns: [0] },
      { added: 'histories', columns: [0, 1] },
      { added: 'counts', columns: [0, 1, 2] },
      { added: 'moderators', columns: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
    ]);
  });

  it('adds all histories at once, and what nobody has seen behind them', () => {
    const components = ['network', 'sequential-rules', 'item-knn', 'unseen'];

    expect(stepsOf({ components, halfLives: [], moderators: ['absence'] })).toEqual([
      { added: 'network', columns: [0] },
      { added: 'histories', columns: [0, 1, 2] },
      { added: 'unseen', columns: [0, 1, 2, 3] },
      { added: 'moderators', columns: [0, 1, 2, 3, 4, 5, 6, 7] },
    ]);
  });

  it('ends with the counts where nothing moderates', () => {
    expect(stepsOf({ ...blend, components: ['network'], moderators: [] })).toEqual([
      { added: 'network', columns: [0] },
      { added: 'counts', columns: [0, 1] },
    ]);
  });
});

describe('Function: weightsOfStep', () => {
  it('takes the network’s own order where it is alone', () => {
    const [network, rules] = stepsOf(blend);
    const fitted = Float64Array.of(0, 3, 0);
    expect([...weightsOfStep(network!, fitted)]).toEqual([1, 0, 0]);
    expect([...weightsOfStep(rules!, fitted)]).toEqual([0, 3, 0]);
  });
});
