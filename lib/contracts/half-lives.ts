const day = 86_400;

/**
 * Half-lives in seconds for which everybody's actions are counted as they come in, from hours to months and for all
 * time. Only what is counted with one of these can be served fresh.
 */
export const halfLives: readonly number[] = [
  day / 4,
  day,
  2 * day,
  4 * day,
  8 * day,
  16 * day,
  32 * day,
  128 * day,
  Number.POSITIVE_INFINITY,
];

/** Recent popularity where nothing has chosen a half-life: a week or so. */
export const usualHalfLife = 8 * day;
