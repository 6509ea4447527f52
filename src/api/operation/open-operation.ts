import { operationsOf } from "./operations-of.ts";

/** Declares an operation that needs no credential and validates its request itself, such as health and tokens. */
export const defineOpenOperation = operationsOf<"anybody", never>({
  admit: () => [],
  security: () => [],
  body: { maxBytes: 0, nullIsEmpty: false },
  checksPath: false,
  queryValues: () => ({}),
  findings: ({ error }) => {
    throw error;
  },
  refusals: { always: [], withBody: [], describe: (status) => ({ description: String(status) }) },
});
