/**
 * Writes protocol buffer messages (https://protobuf.dev/programming-guides/encoding/). Every field that is called is
 * written, also with its default value, as members of a `oneof` must be.
 */
export class MessageWriter {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** An integer, enumeration or boolean; negative numbers take the ten bytes of int64. */
  integer(field: number, value: number): this {
    this.#tag(field, 0);
    this.#varint(value);
    return this;
  }

  /** A 32-bit float. */
  float(field: number, value: number): this {
    this.#tag(field, 5);
    return this.#append(new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(value.length);
    return this.#append(value);
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A nested message. */
  message(field: number, value: MessageWriter): this {
    this.#tag(field, 2);
    this.#varint(value.#length);
    for (const chunk of value.#chunks) this.#append(chunk);
    return this;
  }

  /** Packed repeated integers, enumerations or booleans. */
  integers(field: number, values: readonly number[]): this {
    const packed = new MessageWriter();
    for (const value of values) packed.#varint(value);
    return this.message(field, packed);
  }

  /** Packed repeated 32-bit floats. */
  floats(field: number, values: readonly number[]): this {
    return this.bytes(field, new Uint8Array(Float32Array.from(values).buffer));
  }

  /** The message's bytes. */
  finish(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks, this.#length));
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 128n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#append(Uint8Array.from(bytes));
  }

  #append(chunk: Uint8Array): this {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return this;
  }
}
