import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { MessageWriter } from '#lib/graph/protobuf.ts';

/** An independent reader of what the writer writes. */
const schema = protobuf
  .parse(`
  syntax = "proto3";
  message Inner { string text = 1; }
  message Outer {
    int64 integer = 1;
    float number = 2;
    bytes data = 3;
    repeated Inner inners = 4;
    repeated int64 integers = 300;
    repeated float numbers = 6;
  }`)
  .root.lookupType('Outer');

describe('Function: MessageWriter', () => {
  it('writes what another implementation reads', () => {
    fc.assert(
      fc.property(
        fc.record({
          integer: fc.maxSafeInteger(),
          number: fc.float(),
          data: fc.uint8Array(),
          inners: fc.array(fc.string({ unit: 'binary' })),
          integers: fc.array(fc.maxSafeInteger()),
          numbers: fc.array(fc.float()),
        }),
        (value) => {
          // Arrange
          const writer = new MessageWriter()
            .integer(1, value.integer)
            .float(2, value.number)
            .bytes(3, value.data)
            .integers(300, value.integers)
            .floats(6, value.numbers);
          for (const text of value.inners) {
            writer.message(4, new MessageWriter().string(1, text));
          }

          // Act
          const read = schema.toObject(schema.decode(writer.finish()), {
            longs: Number,
            arrays: true,
            defaults: true,
          });

          // Assess
          expect(read).toEqual({
            ...value,
            data: expect.anything(),
            inners: value.inners.map((text) => ({ text })),
          });
          expect(Uint8Array.from(read.data)).toEqual(value.data);
        },
      ),
    );
  });
});
