import { vi } from "vitest";

/**
 * How long `vi.waitFor` waits unless told otherwise, ms. Its own second is less than a statement of another test's session may hold
 * a place in the sink that all sessions of the isolate share.
 */
const PATIENCE_MS = 10_000;

const PATIENT = Symbol.for("busbar.patientWaitFor");
// The file runs before each test file, and `vi` is one object for all of them.
if (!Object.hasOwn(vi.waitFor, PATIENT)) {
  const { waitFor } = vi;
  vi.waitFor = Object.assign(
    ((callback, options) => waitFor(callback, options ?? PATIENCE_MS)) as typeof vi.waitFor,
    { [PATIENT]: true },
  );
}
