const firstSlots = 1 << 10;
const free = -1;

/**
 * Counts of numbers that are hashes already, 0 or more: open addressing in typed arrays. A Map would box every number, which
 * made counting two ids a seventh of what reading a row takes.
 */
export function createNumberCounts() {
  let slots = firstSlots;
  let keys = new Float64Array(slots).fill(free); // [slots]
  let counts = new Uint32Array(slots); // [slots]
  let size = 0;

  /** Where a key is, or would be. */
  function slotOf(key: number): number {
    // The low 32 bits of a hash are as good as any.
    let slot = (key % 2 ** 32) & (slots - 1);
    while (keys[slot] !== free && keys[slot] !== key) slot = (slot + 1) & (slots - 1);
    return slot;
  }

  /** Puts the entries that are to stay into a new table. */
  function rebuild(newSlots: number, stays: (key: number) => boolean): void {
    const [before, counted] = [keys, counts];
    slots = newSlots;
    keys = new Float64Array(slots).fill(free);
    counts = new Uint32Array(slots);
    size = 0;
    for (let at = 0; at < before.length; at++) {
      const key = before[at]!;
      if (key === free || !stays(key)) continue;
      const slot = slotOf(key);
      keys[slot] = key;
      counts[slot] = counted[at]!;
      size++;
    }
  }

  return {
    get size(): number {
      return size;
    },
    /** @returns true when the key was not there */
    add(key: number, times: number): boolean {
      const slot = slotOf(key);
      counts[slot]! += times;
      if (keys[slot] === key) return false;
      keys[slot] = key;
      if (++size * 2 > slots) rebuild(slots * 2, () => true);
      return true;
    },
    /** 0 for a key that is not there. */
    get: (key: number): number => counts[slotOf(key)]!,
    /** In no order. */
    keys: (): Float64Array => keys.filter((key) => key !== free),
    keepBelow(limit: number): void {
      rebuild(slots, (key) => key < limit);
    },
  };
}
