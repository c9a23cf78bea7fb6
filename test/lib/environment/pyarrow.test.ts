import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeAugmentedShard, encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { decodeEnvironmentResponse, encodeEnvironmentRequest } from '#lib/environment/client.ts';
import { encodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { encodeInteractionEvents } from '#lib/sequences/interaction-events.ts';
import { encodeItemTable } from '#lib/sequences/item-table.ts';
import { encodeSequenceShard } from '#lib/sequences/shard.ts';
import { python } from '../../../setup/paths.mjs';
import { temporaryFolder } from '../../temporary/folders.ts';
import { casesOf } from '../sequences/cases.ts';
import { augmentedShard } from './responses.ts';

/** Reads every stream with pyarrow and answers the request with what pyarrow writes: nullable, in two batches. */
const script = `
import json, sys
import numpy as np
import pyarrow as pa
folder = sys.argv[1]

def read(name):
    table = pa.ipc.open_stream(f"{folder}/{name}.arrow").read_all()
    table.validate(full=True)
    return {"schema": {field.name: str(field.type).replace(" not null", "") for field in table.schema}, "rows": table.to_pylist()}

json.dump({name: read(name) for name in ["shard", "items", "cases", "events", "request", "augmented"]}, open(f"{folder}/read.json", "w"))

rows = read("request")["rows"]
half = pa.list_(pa.float16(), 3)
numbers = lambda values, kind: pa.array(values, type=pa.list_(kind))
nested = lambda values, kind: pa.array(values, type=pa.list_(pa.list_(kind)))
def batch(rows):
    states = [[[np.float16(item / 4 + k) for k in range(3)] for item in row["items"]] for row in rows]
    steps = [len(row["items"]) - 1 for row in rows]
    counts = [row["candidates"] for row in rows]
    candidates = [[[100 + t * 10 + k for k in range(c)] for t in range(n)] for n, c in zip(steps, counts)]
    return pa.record_batch({
        "states": pa.array(states, type=pa.list_(half)),
        "rewards": numbers([[0.5] * n for n in steps], pa.float32()),
        "rewardSpreads": numbers([[0.25] * n for n in steps], pa.float32()),
        "candidates": nested(candidates, pa.int32()),
        "candidateRewards": nested([[[k / 8 for k, _ in enumerate(c)] for c in row] for row in candidates], pa.float32()),
        "candidateRewardSpreads": nested([[[0.125 for _ in c] for c in row] for row in candidates], pa.float32()),
        "candidateChances": nested([[[k / 16 for k, _ in enumerate(c)] for c in row] for row in candidates], pa.float32()),
    })
whole = batch(rows)
with pa.ipc.new_stream(f"{folder}/response.arrow", whole.schema) as writer:
    writer.write(whole.slice(0, 2))  # a slice: its offsets do not begin at 0 in memory
    writer.write(whole.slice(2))
`;

const shard = {
  users: ['u', 'ü', '用户'],
  starts: Int32Array.of(0, 50, 0),
  offsets: Int32Array.of(0, 3, 4, 6),
  items: Int32Array.of(1, 2, 3, 4, 5, 6),
  timestamps: Float64Array.of(1.5, 2, 3, 4, 5, 6),
  rewards: Float32Array.of(1, 0.25, 1, 1, 0.5, 1),
};
const cases = casesOf([
  {
    user: 'u',
    history: [1, 2],
    historyTimes: [7.5, 8],
    earlier: [5],
    target: 3,
    time: 9,
    reward: 0.25,
    eventType: 'click',
  },
  { user: 'ü', history: [3], historyTimes: [6], target: 4, time: 10 },
]);
const events = {
  items: Int32Array.of(2, 1),
  times: Float64Array.of(1.5, 3),
  isHeldOut: Uint8Array.of(0, 1),
};
const items = {
  itemIds: ['a', 'b'],
  titles: ['Alien', 'Amélie'],
  fields: [{ genre: 'horror' }, {}],
  counts: Int32Array.of(3, 1),
};
const augmented = augmentedShard([3, 1, 2], 3, 2);

describe('Arrow streams between TypeScript and Python', () => {
  let folder: string;
  let read: Record<string, { schema: Record<string, string>; rows: Record<string, unknown>[] }>;

  beforeAll(() => {
    folder = temporaryFolder('pyarrow');
    const streams = {
      shard: encodeSequenceShard(shard),
      items: encodeItemTable(items),
      cases: encodeEvaluationCases(cases),
      events: encodeInteractionEvents(events),
      request: encodeEnvironmentRequest(shard, 4),
      augmented: encodeAugmentedShard(augmented),
    };
    for (const [name, bytes] of Object.entries(streams)) {
      writeFileSync(join(folder, `${name}.arrow`), bytes);
    }
    execFileSync(python, ['-c', script, folder]);
    read = JSON.parse(readFileSync(join(folder, 'read.json'), 'utf8'));
  });

  it('pyarrow reads the types that the contract names', () => {
    const columns = Object.fromEntries(
      Object.entries(read).map(([name, { schema }]) => [name, schema]),
    );
    expect(columns).toEqual({
      shard: {
        user_id: 'string',
        start: 'int32',
        items: 'list<item: int32>',
        timestamps: 'list<item: double>',
        rewards: 'list<item: float>',
      },
      items: { item_id: 'string', title: 'string', fields: 'string', count: 'int32' },
      cases: {
        user_id: 'string',
        request: 'int32',
        timestamp: 'double',
        items: 'list<item: int32>',
        timestamps: 'list<item: double>',
        earlier: 'list<item: int32>',
        target: 'int32',
        reward: 'float',
        event_type: 'string',
      },
      events: { item: 'int32', timestamp: 'double', held_out: 'uint8' },
      request: { items: 'list<item: int32>', candidates: 'int32' },
      augmented: {
        user_id: 'string',
        start: 'int32',
        items: 'list<item: int32>',
        states: 'list<item: fixed_size_list<item: halffloat>[3]>',
        rewards: 'list<item: float>',
        rewardSpreads: 'list<item: float>',
        candidates: 'list<item: list<item: int32>>',
        candidateRewards: 'list<item: list<item: float>>',
        candidateRewardSpreads: 'list<item: list<item: float>>',
        candidateChances: 'list<item: list<item: float>>',
      },
    });
  });

  it('pyarrow reads the values that were written', () => {
    expect(read.shard!.rows).toEqual([
      { user_id: 'u', start: 0, items: [1, 2, 3], timestamps: [1.5, 2, 3], rewards: [1, 0.25, 1] },
      { user_id: 'ü', start: 50, items: [4], timestamps: [4], rewards: [1] },
      { user_id: '用户', start: 0, items: [5, 6], timestamps: [5, 6], rewards: [0.5, 1] },
    ]);
    expect(read.items!.rows[0]).toEqual({
      item_id: 'a',
      title: 'Alien',
      fields: '{"genre":"horror"}',
      count: 3,
    });
    expect(read.cases!.rows).toEqual([
      {
        user_id: 'u',
        request: 0,
        timestamp: 9,
        items: [1, 2],
        timestamps: [7.5, 8],
        earlier: [5],
        target: 3,
        reward: 0.25,
        event_type: 'click',
      },
      {
        user_id: 'ü',
        request: 1,
        timestamp: 10,
        items: [3],
        timestamps: [6],
        earlier: [],
        target: 4,
        reward: 1,
        event_type: '',
      },
    ]);
    expect(read.events!.rows).toEqual([
      { item: 2, timestamp: 1.5, held_out: 0 },
      { item: 1, timestamp: 3, held_out: 1 },
    ]);
    expect(read.request!.rows[0]).toEqual({ items: [1, 2, 3], candidates: 4 });
    const [first] = read.augmented!.rows;
    expect(first).toMatchObject({
      items: [...augmented.items.subarray(0, 3)],
      rewards: [...augmented.rewards.subarray(0, 2)],
      candidates: [
        [11, 12],
        [11, 12],
      ],
    });
    expect((first!.states as number[][]).map((state) => state.length)).toEqual([3, 3, 3]);
  });

  it('TypeScript reads what pyarrow writes, in several batches', () => {
    // Arrange
    const bytes = readFileSync(join(folder, 'response.arrow'));

    // Act
    const response = decodeEnvironmentResponse(bytes, shard, { candidates: 4 });

    // Assess
    expect(response.stateDimension).toBe(3);
    // float16 bits of item / 4 + k: item 1 is 0.25, 1.25, 2.25; item 6 is 1.5, 2.5, 3.5.
    expect([...response.states.subarray(0, 3)]).toEqual([0x3400, 0x3d00, 0x4080]);
    expect([...response.states.subarray(15)]).toEqual([0x3e00, 0x4100, 0x4300]);
    expect([...response.transitionOffsets]).toEqual([0, 2, 2, 3]);
    expect([...response.rewards]).toEqual([0.5, 0.5, 0.5]);
    expect([...response.candidateOffsets]).toEqual([0, 4, 8, 12]);
    expect([...response.candidates]).toEqual([
      100, 101, 102, 103, 110, 111, 112, 113, 100, 101, 102, 103,
    ]);
    expect([...response.candidateRewards.subarray(8)]).toEqual([0, 0.125, 0.25, 0.375]);
    expect(decodeAugmentedShard(encodeAugmentedShard(response))).toEqual(response);
  });
});
