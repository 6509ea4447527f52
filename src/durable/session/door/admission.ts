import type { Config } from "../../../env.ts";
import { senderNetwork } from "../../../fleet/address/sender-network.ts";
import type { KeyDigests } from "../../../ports.ts";
import { clientAddress, FAILURES_HEADER } from "../../../session-address.ts";
import { isDirect } from "../line/direct-line.ts";
import { parseBasic } from "./basic-auth.ts";
import { isCertified } from "./client-certificate.ts";
import { matchPassword } from "./credential.ts";
import { isServed, type SessionRecord } from "../storage/session-record.ts";

export type Admission =
  | { kind: "admitted"; used: KeyDigests | null }
  | { kind: "refused"; response: Response };

/** Admission of a station that is provisioned by the same upgrade. */
export const ADMITTED: Admission = { kind: "admitted", used: null };

type AdmissionConfig = Pick<Config, "BUSBAR_ENV" | "CREDENTIAL_SECRET">;

/** How long the address of the last login counts as the station's while it is offline. */
const LOGIN_AGE_MAX_MS = 24 * 60 * 60 * 1000;

/**
 * Decides about an upgrade from stored state alone; changes nothing. If the failures of an address are used up, the station that
 * logged in from there last is still admitted; everybody else gets 429, whether the password is right or not.
 */
export async function admit(
  record: SessionRecord | null,
  request: Request,
  config: AdmissionConfig,
  nowMs: number,
): Promise<Admission> {
  const retryAfterSeconds = request.headers.get(FAILURES_HEADER);
  if (retryAfterSeconds === null) return judge(record, request, config, nowMs);
  const limited = refuse(429, "Too many failed attempts", { "retry-after": retryAfterSeconds });
  if (!record || !isFromLoginAddress(record, request, nowMs)) return limited;
  const admission = await judge(record, request, config, nowMs);
  return admission.kind === "admitted" ? admission : limited;
}

/** Whether the last login came from this network and the station is connected, or was during the last day. */
function isFromLoginAddress(record: SessionRecord, request: Request, nowMs: number): boolean {
  const { lastLogin, connected, lastMessageAtMs } = record;
  if (!lastLogin || senderNetwork(lastLogin.ip) !== senderNetwork(clientAddress(request))) return false;
  return connected !== null || Math.max(lastLogin.atMs, lastMessageAtMs ?? 0) > nowMs - LOGIN_AGE_MAX_MS;
}

async function judge(
  record: SessionRecord | null,
  request: Request,
  config: AdmissionConfig,
  nowMs: number,
): Promise<Admission> {
  if (!isServed(record)) return refuse(404, "Unknown charge point");
  if (record.quarantinedUntilMs > nowMs) {
    const retryAfterSeconds = Math.ceil((record.quarantinedUntilMs - nowMs) / 1000);
    return refuse(429, "Too many reconnects", { "retry-after": String(retryAfterSeconds) });
  }
  if (!isTransportAllowed(record, request, config)) return refuse(403, "Security profile not met");
  if (record.securityProfile === 0 || record.securityProfile === 3) return { kind: "admitted", used: null };
  const basic = parseBasic(request.headers.get("authorization"));
  if (!basic || !record.credential || basic.user !== record.identity) return unauthorized();
  const used = await matchPassword(config.CREDENTIAL_SECRET, record.credential, basic.password);
  return used ? { kind: "admitted", used } : unauthorized();
}

/**
 * Whether the transport meets the security profile (2.0.1 A00.FR.002; 1.6 security whitepaper §2). In development plain sockets
 * count for profile 2.
 */
function isTransportAllowed(record: SessionRecord, request: Request, config: AdmissionConfig): boolean {
  if (record.securityProfile < 2) return true;
  if (record.securityProfile === 3) return isCertified(request, record);
  if (config.BUSBAR_ENV === "development") return true;
  return isDirect(request) || new URL(request.url).protocol === "https:";
}

function unauthorized(): Admission {
  return refuse(401, "Wrong credentials", { "www-authenticate": 'Basic realm="ocpp"' });
}

function refuse(status: number, text: string, headers: Record<string, string> = {}): Admission {
  return { kind: "refused", response: new Response(text, { status, headers }) };
}

/**
 * Completes the handshake and closes the connection, as OCPP-J requires instead of an HTTP error (1.6 §3.2, 2.0.1 part 4 §3.1.2).
 */
export function refuseSubprotocol(): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(1002, "no common subprotocol");
  return new Response(null, { status: 101, webSocket: client });
}
