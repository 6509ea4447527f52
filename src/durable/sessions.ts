import type { Env } from "../env.ts";
import { Policy, Unavailable } from "../errors.ts";
import type { SessionRef, Sessions } from "../ports.ts";
import { sessionName } from "../session-address.ts";
import type { ChargePointSession } from "./charge-point-session.ts";

const CALL_TIMEOUT_MS = 10_000;
/** An answer may need this long on its way back after the station's deadline. */
const ANSWER_GRACE_MS = 2000;
const ROTATION_TIMEOUT_MS = 35_000;

type Promised<T> = T extends (...args: infer Args) => infer Result
  ? (...args: Args) => Promise<Awaited<Result>>
  : never;
type SessionMethods = Pick<ChargePointSession, keyof Sessions>;
type Stub = { [Name in keyof SessionMethods]: Promised<SessionMethods[Name]> };

/** The sessions of the fleet, each in its own object. @throws Unavailable when an object cannot be reached */
export function durableSessions(env: Pick<Env, "CHARGE_POINT_SESSION">): Sessions {
  const namespace = env.CHARGE_POINT_SESSION;
  const once = <T>(ref: SessionRef, timeoutMs: number, call: (stub: Stub) => Promise<T>): Promise<T> =>
    within(timeoutMs, call(stubOf(namespace, ref)));

  /** For calls that may be repeated; a stub is broken once it has thrown, so the second try takes a new one. */
  const twice = async <T>(ref: SessionRef, call: (stub: Stub) => Promise<T>): Promise<T> => {
    try {
      return await once(ref, CALL_TIMEOUT_MS, call);
    } catch (error) {
      if (!isRetryable(error)) throw unreachable(error);
      return once(ref, CALL_TIMEOUT_MS, call).catch(rethrow);
    }
  };

  return {
    provision: (ref, input) => twice(ref, (stub) => stub.provision(ref, input)),
    snapshot: (ref) => twice(ref, (stub) => stub.snapshot(ref)),
    frames: (ref, query) => twice(ref, (stub) => stub.frames(ref, query)),
    retire: (ref) => twice(ref, (stub) => stub.retire(ref)),
    rotateAuthorizationKey: (ref, newKey) =>
      once(ref, ROTATION_TIMEOUT_MS, (stub) => stub.rotateAuthorizationKey(ref, newKey)).catch(rethrow),

    async command(ref, command, timeoutMs) {
      const sending = once(ref, timeoutMs + ANSWER_GRACE_MS, (stub) => stub.command(ref, command, timeoutMs));
      const outcome = await sending.catch(rethrow);
      if (outcome.kind === "invalidCommand") throw new Policy(`Invalid command: ${outcome.reason}`);
      return outcome;
    },
  };
}

/** The platform's own type of a stub does not end on recursive JSON; plain data crosses the call unchanged. */
function stubOf(namespace: Env["CHARGE_POINT_SESSION"], ref: SessionRef): Stub {
  return namespace.getByName(sessionName(ref)) as unknown as Stub;
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => deadline.reject(new Unavailable("The session did not answer in time")),
    timeoutMs,
  );
  try {
    return await Promise.race([work, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Flags the platform sets on errors of a stub. */
function isRetryable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isOverloaded = "overloaded" in error && error.overloaded === true;
  return "retryable" in error && error.retryable === true && !isOverloaded;
}

function unreachable(error: unknown): Unavailable {
  return error instanceof Unavailable
    ? error
    : new Unavailable("The session cannot be reached", { cause: error });
}

function rethrow(error: unknown): never {
  throw unreachable(error);
}
