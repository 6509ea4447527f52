/**
 * How much of a station's text is taken in, in characters. Lenient validation lets a text of any length pass, and what is
 * kept of it stands in a record of bounded size. Fields with a length of their own in the official schema name that.
 */
export const TEXT_LENGTH = {
  /** A word of a vocabulary: longer than any official one. */
  word: 50,
  /** Where the schema sets no length. */
  free: 500,
  /** Ids are compared as they are kept; longer ones than these are no real ones. */
  idTag: 36,
  idToken: 255,
  transactionId: 36,
} as const;
