import { describe, expect, it } from 'vitest';
import { acceleratorEnvironment } from '#lib/contracts/accelerators.ts';
import { requireAccelerator } from '../../../containers/trainer/accelerator.ts';

const given = (accelerator: 'nvidia' | 'none') => acceleratorEnvironment('trainer', accelerator);

describe('Function: requireAccelerator', () => {
  it.each([
    ['a GPU that was given and can be used', given('nvidia'), '580.95.05', true],
    ['no GPU where none was given', given('none'), undefined, false],
    ['no GPU where nobody said what was given', {}, undefined, false],
    ['a GPU that nobody promised', {}, '580.95.05', true],
  ])('is content with %s', (_, environment, driver, hasGpu) => {
    expect(() => requireAccelerator(environment, driver, hasGpu)).not.toThrow();
  });

  it.each([
    ['470.256.02', 'Host driver: 470.256.02'],
    [undefined, 'Host driver: none found'],
  ])(
    'fails with all versions where a GPU was given and cannot be used (driver %s)',
    (driver, said) => {
      // Act
      const act = () => requireAccelerator(given('nvidia'), driver, false);
      // Assess
      expect(act).toThrow(
        expect.objectContaining({ code: 'AcceleratorUnavailable', retryable: false }),
      );
      expect(act).toThrow(said);
      expect(act).toThrow(
        /TensorFlow 2\.21\.0 .*\(CUDA 12\.5\), which needs driver 525 or newer\. AMI: chosen by SageMaker/,
      );
    },
  );
});
