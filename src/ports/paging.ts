/** `limit` rows after skipping `offset` rows. */
export interface Page {
  limit: number;
  offset: number;
}

/** One page of rows, and the number of all rows that match. */
export interface Paged<T> {
  rows: T[];
  total: number;
}
