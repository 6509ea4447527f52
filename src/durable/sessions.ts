import { longestTimeout } from "../commands/longest-timeout.ts";
import type { Env } from "../env.ts";
import { Unavailable } from "../errors.ts";
import type { LookupResult } from "../fleet/objects/restore.ts";
import type {
  CommandOutcome,
  PostReceipt,
  RotationStatus,
  SessionProvision,
  SessionRef,
  Sessions,
} from "../ports.ts";
import { sessionName, type SessionOffer } from "../session-address.ts";
import { reach, wasOverloaded } from "./reach.ts";
import type { ChargePointSession } from "./session/charge-point-session.ts";
import { newCredential } from "./session/door/credential.ts";
import { preparedSessions, type PreparedSessions } from "./prepared/prepared-sessions.ts";

const CALL_TIMEOUT_MS = 10_000;
/** Time for the answer to arrive after the station's deadline. */
const ANSWER_GRACE_MS = 2000;
const ROTATION_TIMEOUT_MS = 35_000;

type Promised<T> = T extends (...args: infer Args) => infer Result
  ? (...args: Args) => Promise<Awaited<Result>>
  : never;
type Remote = Exclude<
  keyof Sessions,
  "prepare" | "restore" | "newCredential" | "adopt" | "setPreparedTagPolicy"
>;
type SessionMethods = Pick<ChargePointSession, Remote>;
/** The platform's type of a stub does not terminate on recursive JSON. Plain data crosses the call unchanged. */
type Stub = { [Name in keyof SessionMethods]: Promised<SessionMethods[Name]> };

type SessionEnv = Pick<Env, "CHARGE_POINT_SESSION" | "SESSION_SHELF" | "CREDENTIAL_SECRET">;

/**
 * Sessions port: each session is a Durable Object. A session that is not provisioned is given its prepared provisioning, or
 * restored from Postgres, and asked again. @throws Unavailable if an object cannot be reached
 */
export function durableSessions(
  env: SessionEnv,
  lookUp: (ref: SessionRef) => Promise<LookupResult> = async () => "unknown",
): Sessions {
  const prepared = preparedSessions(env);
  const stub = (ref: SessionRef) => env.CHARGE_POINT_SESSION.getByName(sessionName(ref)) as unknown as Stub;
  const ask = <T>(ref: SessionRef, call: (session: Stub) => Promise<T>): Promise<T> =>
    reach(CALL_TIMEOUT_MS, () => call(stub(ref)), { repeats: true });
  const adopt = (ref: SessionRef) =>
    provisionAgain(
      () => adoptPrepared(prepared, stub, ref),
      () => lookUp(ref),
    );
  const known = async <T>(ref: SessionRef, call: () => Promise<T>): Promise<T> => {
    const answer = await call();
    const isMissing = answer === null || answer === false;
    return isMissing && (await adopt(ref)) ? call() : answer;
  };

  return {
    adopt,
    ...offersOf(env, prepared),
    ...toldSessions(ask),

    noteSettings: (ref, note) => known(ref, () => ask(ref, (session) => session.noteSettings(ref, note))),
    post: (ref, ...command) => known(ref, () => post(stub(ref), ref, ...command)),
    snapshot: (ref) => known(ref, () => ask(ref, (session) => session.snapshot(ref))),
    frames: (ref, query) => known(ref, () => ask(ref, (session) => session.frames(ref, query))),
    setRegistration: (ref, status) =>
      known(ref, () => ask(ref, (session) => session.setRegistration(ref, status))),
    dataTransfers: (ref, limit) => known(ref, () => ask(ref, (session) => session.dataTransfers(ref, limit))),
    rotateAuthorizationKey: (ref, newKey) =>
      known(ref, () =>
        reach(ROTATION_TIMEOUT_MS, () => stub(ref).rotateAuthorizationKey(ref, newKey), {
          repeats: false,
        }).catch(outcomeUnknown),
      ),

    report: (ref, requestId) => known(ref, () => ask(ref, (session) => session.report(ref, requestId))),

    async retire(ref) {
      const isUntouched = await prepared.remove(ref);
      if (!isUntouched) await ask(ref, (session) => session.retire(ref));
    },

    async command(ref, command, timeoutMs) {
      const send = () => sendCommand(stub(ref), ref, command, timeoutMs);
      const first = await send();
      const isUnknown = first.kind === "notProvisioned" && (await adopt(ref));
      return isUnknown ? send() : first;
    },
  };
}

type Ask = <T>(ref: SessionRef, call: (session: Stub) => Promise<T>) => Promise<T>;

/** Calls for which a session that is not provisioned is not looked up. */
function toldSessions(
  ask: Ask,
): Pick<Sessions, "provision" | "appendFrames" | "eraseTag" | "setTagPolicy" | "hangUp"> {
  return {
    provision: (ref, input) => ask(ref, (session) => session.provision(ref, input)),
    appendFrames: (ref, frames) => ask(ref, (session) => session.appendFrames(ref, frames)),
    eraseTag: (ref, key, pseudonym) => ask(ref, (session) => session.eraseTag(ref, key, pseudonym)),
    setTagPolicy: (ref, policy) => ask(ref, (session) => session.setTagPolicy(ref, policy)),
    hangUp: (ref, atMs) => ask(ref, (session) => session.hangUp(ref, atMs)),
  };
}

/** Not repeated: the command may be in the queue. */
function post(session: Stub, ...args: Parameters<Stub["post"]>): Promise<PostReceipt | null> {
  return reach(CALL_TIMEOUT_MS, () => session.post(...args), { repeats: false });
}

function sendCommand(session: Stub, ...args: Parameters<Stub["command"]>): Promise<CommandOutcome> {
  const waitMs = longestTimeout(args[2]) + ANSWER_GRACE_MS;
  return reach(waitMs, () => session.command(...args), { repeats: false }).catch(lostOnTheWay);
}

/**
 * Provisions the session from its prepared provisioning, else from its row in Postgres. True: it is provisioned now. @throws
 * Unavailable if too many sessions are looked up
 */
async function provisionAgain(
  take: () => Promise<boolean>,
  lookUp: () => Promise<LookupResult>,
): Promise<boolean> {
  if (await take()) return true;
  const found = await lookUp();
  if (found === "later") throw new Unavailable("Too many sessions are looked up at once");
  if (found === "restored") await take();
  return found === "restored";
}

/** Operations that do not call a session object. */
function offersOf(
  env: SessionEnv,
  prepared: PreparedSessions,
): Pick<Sessions, "newCredential" | "prepare" | "restore" | "setPreparedTagPolicy"> {
  return {
    setPreparedTagPolicy: (organizationSlug, policy) => prepared.setTagPolicy(organizationSlug, policy),

    newCredential: (authorizationKey) => newCredential(env.CREDENTIAL_SECRET, authorizationKey),
    prepare: async (ref, input) => prepared.put(await offerOf(env, ref, input)),
    restore: async (ref, input) => prepared.restore(await offerOf(env, ref, input)),
  };
}

/** Provisioning with the digests of the key instead of the key. */
async function offerOf(
  env: SessionEnv,
  ref: SessionRef,
  { authorizationKey, ...input }: SessionProvision,
): Promise<SessionOffer> {
  const made = authorizationKey && (await newCredential(env.CREDENTIAL_SECRET, authorizationKey));
  return { ref, input: { ...input, authorizationKey: null, credential: made || input.credential || null } };
}

/** The key was stored before it was sent, so the station can log in with it if it received it. */
function outcomeUnknown(error: unknown): RotationStatus {
  if (!(error instanceof Unavailable) || wasOverloaded(error)) throw error;
  return "unknown";
}

/** The object was reset or did not answer while it had the command: the station may have received it. */
function lostOnTheWay(error: unknown): CommandOutcome {
  if (!(error instanceof Unavailable) || wasOverloaded(error)) throw error;
  return { kind: "lost", sent: true, reason: "disconnected" };
}

/** Provisions the session from its prepared provisioning. True: done. A charger that was deleted meanwhile is retired again. */
async function adoptPrepared(
  prepared: PreparedSessions,
  stub: (ref: SessionRef) => Stub,
  ref: SessionRef,
): Promise<boolean> {
  const offer = await prepared.take(ref);
  if (!offer || (ref.chargerId !== undefined && ref.chargerId !== offer.input.chargerId)) return false;
  const { chargerId } = offer.input;
  const session = stub(ref);
  await reach(CALL_TIMEOUT_MS, () => session.provision(offer.ref, offer.input, true), { repeats: true });
  if (await prepared.has(offer)) return true;
  await reach(CALL_TIMEOUT_MS, () => session.retire({ ...offer.ref, chargerId }), { repeats: true });
  return false;
}
