/** A simulation that takes seconds, with settings of its own. */
export const simulationOf = (own: Record<string, unknown> = {}) => ({
  seeds: 1,
  visitors: 60,
  world: { items: 60, topics: 5, slate: 3 },
  worlds: { only: {} },
  logging: { users: 120, knowledge: 0.8 },
  sequences: { minimumUserInteractions: 2, minimumItemInteractions: 1 },
  rivals: ['sequential-rules'],
  training: {
    dimension: 8,
    blocks: 1,
    batchTargets: 128,
    maximumEpochs: 3,
    warmUpEpochs: 1,
    models: [
      { name: 'supervised', backbone: 'sasrec', objective: 'supervised' },
      { name: 'sa2c-lea', backbone: 'sasrec', objective: 'sa2c', lea: { stateWeight: 0.1 } },
    ],
  },
  environments: { good: { accuracy: 0.8 } },
  primary: { policy: 'sa2c-lea+good', against: 'supervised' },
  ...own,
});
