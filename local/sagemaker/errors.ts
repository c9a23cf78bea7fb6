/** An error of SageMaker's API, by the name that the service gives it. */
export class SageMakerError extends Error {
  readonly code:
    | 'ValidationException'
    | 'ResourceInUse'
    | 'ResourceNotFound'
    /** Not of the service: a field that Step Functions would not accept in a definition. */
    | 'UnknownField';

  constructor(code: SageMakerError['code'], message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}
