import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import { costTable } from '#lib/cost/cost-table.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { usdText } from '#lib/cost/usd.ts';
import { deployedCounts } from '#stacks/alarms.ts';
import pipeline from '../../config/pipeline.json' with { type: 'json' };
import prices from '../../config/prices.json' with { type: 'json' };
import throughput from '../../config/throughput.json' with { type: 'json' };

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const tables = parsePrices(prices, throughput);
const config = parseConfig(pipeline, 'config/pipeline.json');

/** Rows of tables, blanks aside. */
const rowsIn = (text: string) =>
  text
    .split('\n')
    .filter((line) => /^\|.*\$/.test(line))
    .map((line) => line.replaceAll(/\s+/g, ' '));

describe('What the documents say of costs', () => {
  it('is what lea cost prints: a run part by part, and a month in which nothing runs', () => {
    // Arrange
    const question = { interactions: 1_000_000, items: 20_000 };
    // Act
    const printed = rowsIn(costTable(question, config, tables, deployedCounts));
    // Assess
    const documented = new Set(rowsIn(read('docs/deploy.md')));
    expect(printed.filter((row) => !documented.has(row))).toStrictEqual([]);
    expect(printed.length).toBeGreaterThan(12);
  });

  it('is what a run of each size is expected to cost', () => {
    const rows = [
      ...read('docs/deploy.md').matchAll(
        /^\| ([\d,]+) \| ([\d,]+) \| (\$[\d.]+) \| (\$[\d.]+) \|$/gm,
      ),
    ];
    expect(rows).toHaveLength(3);
    for (const [, ofInteractions, ofItems, run, perMillion] of rows) {
      const [interactions, items] = [ofInteractions, ofItems].map((text) =>
        Number(text!.replaceAll(',', '')),
      ) as [number, number];
      const counts = { interactions, items, transitions: interactions, baseModelParameters: 135e6 };
      const { expected } = estimateCost(config, counts, tables).usd;
      expect([run, perMillion]).toStrictEqual([
        usdText(expected),
        usdText(expected / (interactions / 1e6)),
      ]);
    }
  });

  it('is rounded in the README', () => {
    const [, rest, run] = /a month at rest about (\d+) USD, a run about ([\d.]+) USD/.exec(
      read('README.md'),
    )!;
    const question = { interactions: 1_000_000, items: 20_000 };
    const totals = rowsIn(costTable(question, config, tables, deployedCounts)).filter((row) =>
      row.includes('**Total**'),
    );
    expect(totals[0]).toContain(`| $${run} |`);
    expect(totals[1]).toMatch(new RegExp(`\\$${Number(rest) - 1}\\.[5-9]|\\$${rest}\\.[0-4]`));
  });
});
