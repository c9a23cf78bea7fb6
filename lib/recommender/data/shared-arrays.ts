/* Memory that the thread which prepares batches shares. */

export const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
export const float32 = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
export const float64 = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));
export const uint16 = (length: number) => new Uint16Array(new SharedArrayBuffer(2 * length));
export const uint8 = (length: number) => new Uint8Array(new SharedArrayBuffer(length));
