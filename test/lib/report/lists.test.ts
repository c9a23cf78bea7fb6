import { describe, expect, it } from 'vitest';
import { listsSection } from '#lib/report/sections/lists.ts';

const served = { users: 3, knownUsers: 4, items: 5, knownItems: 10 };
const sectionOf = (before: string | undefined, list: readonly string[] | undefined) =>
  listsSection(
    {
      before,
      after: 'new of run r',
      users: [{ history: ['A', 'B'], before: list, after: ['C', 'D'] }],
    },
    served,
  )!.text;

describe('Function: listsSection', () => {
  it('sets in bold what the list before did not have', () => {
    const text = sectionOf('old of run q', ['C']);

    expect(text).toContain('Lists before (old of run q) and now');
    expect(text).toContain('<strong>D</strong>');
    expect(text).not.toContain('<strong>C</strong>');
  });

  it('has one column, and nothing in bold, on the first night', () => {
    const text = sectionOf(undefined, undefined);

    expect(text).toContain('Lists of users drawn at random');
    expect(text).not.toContain('<strong>');
  });

  it('shows nobody’s list before as an empty one', () => {
    expect(sectionOf('old of run q', undefined)).toContain('<ol></ol>');
  });

  it('is left out where lists or what is served are not known', () => {
    expect(listsSection(undefined, served)).toBeUndefined();
    expect(
      listsSection({ before: undefined, after: 'new of run r', users: [] }, undefined),
    ).toBeUndefined();
  });
});
