/**
 * Longest stored text of a station, in characters. Lenient validation accepts any length, and the session's record
 * has a bounded size. Fields with a maximum length in the official schema use that.
 */
export const TEXT_LENGTH = {
  /** An enumerated value; longer than any official one. */
  word: 50,
  /** Text without a maximum length in the schema. */
  free: 500,
  /** Id tags are compared as stored; real ones are shorter than this. */
  idTag: 36,
  idToken: 255,
  transactionId: 36,
} as const;
