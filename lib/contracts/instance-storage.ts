/**
 * Families whose instances have disks of their own beside those with a `d` behind their number
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html).
 */
const withDisks = /^(g5|g6e?|gr6|p5(e|en)?|p6(-.*)?|trn\d.*|i\d.*|f\d.*)$/;
const withD = /^[a-z]+\d+[a-z]*d[a-z]*$/;

/**
 * Whether SageMaker gives an instance its own disks in place of a volume. Those are encrypted by the hardware, and a request
 * with a key for them is refused
 * (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html, `VolumeKmsKeyId`).
 *
 * @param instanceType for example `ml.g5.xlarge`
 */
export function hasLocalStorage(instanceType: string): boolean {
  const family = instanceType.split('.')[1] ?? '';
  return withDisks.test(family) || withD.test(family);
}
