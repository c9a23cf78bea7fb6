import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import openWabt from 'wabt';

const folder = join(import.meta.dirname, '../../../../lib/serving/scan');

test('kernel.ts is kernel.wat; `npm run kernel` writes it', async () => {
  const wabt = await openWabt();
  const parsed = wabt.parseWat('kernel.wat', readFileSync(join(folder, 'kernel.wat'), 'utf8'), {
    simd: true,
  });
  parsed.validate();
  const bytes = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
  const text = `// Made of kernel.wat by \`npm run kernel\`.
const text =
${bytes
  .match(/.{1,90}/g)!
  .map((line) => `  '${line}'`)
  .join(' +\n')};

/** The module in WebAssembly's binary format. */
export const kernel = (): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64'));
`;
  await expect(text).toMatchFileSnapshot(join(folder, 'kernel.ts'));
});
