import type { Env } from "../env.ts";
import { Policy } from "../errors.ts";
import type { SessionRef, Sessions } from "../ports.ts";
import { sessionName } from "../session-address.ts";
import { reach } from "./reach.ts";
import type { ChargePointSession } from "./charge-point-session.ts";

const CALL_TIMEOUT_MS = 10_000;
/** An answer may need this long on its way back after the station's deadline. */
const ANSWER_GRACE_MS = 2000;
const ROTATION_TIMEOUT_MS = 35_000;

type Promised<T> = T extends (...args: infer Args) => infer Result
  ? (...args: Args) => Promise<Awaited<Result>>
  : never;
type SessionMethods = Pick<ChargePointSession, keyof Sessions>;
/** The platform's own type of a stub does not end on recursive JSON; plain data crosses the call unchanged. */
type Stub = { [Name in keyof SessionMethods]: Promised<SessionMethods[Name]> };

/** The sessions of the fleet, each in its own object. @throws Unavailable when an object cannot be reached */
export function durableSessions(env: Pick<Env, "CHARGE_POINT_SESSION">): Sessions {
  const stub = (ref: SessionRef) => env.CHARGE_POINT_SESSION.getByName(sessionName(ref)) as unknown as Stub;
  const ask = <T>(ref: SessionRef, call: (session: Stub) => Promise<T>): Promise<T> =>
    reach(CALL_TIMEOUT_MS, () => call(stub(ref)), { repeats: true });

  return {
    provision: (ref, input) => ask(ref, (session) => session.provision(ref, input)),
    expectSettings: (ref, revision, settled) =>
      ask(ref, (session) => session.expectSettings(ref, revision, settled)),
    snapshot: (ref) => ask(ref, (session) => session.snapshot(ref)),
    frames: (ref, query) => ask(ref, (session) => session.frames(ref, query)),
    retire: (ref) => ask(ref, (session) => session.retire(ref)),
    setRegistration: (ref, status) => ask(ref, (session) => session.setRegistration(ref, status)),
    dataTransfers: (ref, limit) => ask(ref, (session) => session.dataTransfers(ref, limit)),
    rotateAuthorizationKey: (ref, newKey) =>
      reach(ROTATION_TIMEOUT_MS, () => stub(ref).rotateAuthorizationKey(ref, newKey), { repeats: false }),

    async command(ref, command, timeoutMs) {
      const call = () => stub(ref).command(ref, command, timeoutMs);
      const outcome = await reach(timeoutMs + ANSWER_GRACE_MS, call, { repeats: false });
      if (outcome.kind === "invalidCommand") throw new Policy(`Invalid command: ${outcome.reason}`);
      return outcome;
    },
  };
}
