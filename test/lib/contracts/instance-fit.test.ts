import { describe, expect, it } from 'vitest';
import { operationsConfig } from '#lib/contracts/config/operations.ts';
import { unfitInstances } from '#lib/contracts/instance-fit.ts';

const neither = { environment: false, trainer: false };
const unfit = (operations: object, given = neither) =>
  unfitInstances(operationsConfig.parse(operations), given);

describe('Function: unfitInstances', () => {
  it('finds nothing wrong with what is configured by default', () => {
    expect(unfit({})).toStrictEqual([]);
  });

  it.each([
    'ml.g4dn.xlarge',
    'ml.g5.xlarge',
    'ml.g6e.xlarge',
    'ml.gr6.4xlarge',
    'ml.p4d.24xlarge',
    'ml.p6-b200.48xlarge',
    'ml.m5.large',
  ])('takes %s for the environment', (type) => {
    expect(unfit({ environmentInstanceTypes: [type] })).toStrictEqual([]);
  });

  it.each(['ml.p2.xlarge', 'ml.p3.2xlarge', 'ml.p3dn.24xlarge', 'ml.g3.4xlarge'])(
    'finds the GPU of %s too old for the CUDA of the environment’s image',
    (type) => {
      const [found] = unfit({ environmentInstanceTypes: [type] });
      expect(found).toMatch(
        /^operations\.environmentInstanceTypes has a GPU that is too old \(ml\.\S+\): torch .*CUDA 13.* environmentImageUri=/,
      );
    },
  );

  it.each(['ml.c7g.xlarge', 'ml.m6gd.large', 'ml.t4g.large', 'ml.c6gn.xlarge'])(
    'finds that no image runs on %s',
    (type) => {
      for (const list of [
        'environmentInstanceTypes',
        'vectorsInstanceTypes',
        'trainerInstanceTypes',
      ])
        expect(unfit({ [list]: [type] })).toStrictEqual([
          expect.stringMatching(
            new RegExp(`^operations\\.${list} has an ARM processor \\(${type}\\)`),
          ),
        ]);
    },
  );

  it('finds a GPU that the trainer’s image would leave idle', () => {
    expect(unfit({ trainerInstanceTypes: ['ml.g5.xlarge'] })).toStrictEqual([
      expect.stringMatching(/computes on the processor; .*trainerImageUri=/),
    ]);
  });

  it('leaves it to others what their images run on', () => {
    const operations = {
      environmentInstanceTypes: ['ml.p3.2xlarge'],
      trainerInstanceTypes: ['ml.g5.xlarge'],
    };
    expect(unfit(operations, { environment: true, trainer: true })).toStrictEqual([]);
    expect(unfit(operations, { environment: true, trainer: false })).toHaveLength(1);
  });
});
