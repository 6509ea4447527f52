import type { Config } from "../../env.ts";
import type { KeyDigests } from "../../ports.ts";
import { isDirect } from "./direct-line.ts";
import { parseBasic } from "./basic-auth.ts";
import { matchPassword } from "./credential.ts";
import type { SessionRecord } from "./session-record.ts";

export type Admission =
  | { kind: "admitted"; used: KeyDigests | null }
  | { kind: "refused"; response: Response };

/** For a station whose key was handed over with its upgrade. */
export const ADMITTED: Admission = { kind: "admitted", used: null };

type AdmissionConfig = Pick<Config, "BUSBAR_ENV" | "CREDENTIAL_SECRET">;

/** Answers an upgrade from what the session stored, without any look outside. Changes nothing. */
export async function admit(
  record: SessionRecord | null,
  request: Request,
  config: AdmissionConfig,
  nowMs: number,
): Promise<Admission> {
  if (!record || record.isRetired) return refuse(404, "Unknown charge point");
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

/** OCPP 2.0.1 A00.FR.002; 1.6 security whitepaper, section 2. Plain sockets pass for profile 2 in development. */
function isTransportAllowed(record: SessionRecord, request: Request, config: AdmissionConfig): boolean {
  if (record.securityProfile < 2) return true;
  if (record.securityProfile === 3) return isCertified(request);
  if (config.BUSBAR_ENV === "development") return true;
  return isDirect(request) || new URL(request.url).protocol === "https:";
}

/** Set by the edge when the zone asks for client certificates. */
function isCertified({ cf }: Request): boolean {
  const auth: unknown = cf?.tlsClientAuth;
  return (
    typeof auth === "object" && auth !== null && "certVerified" in auth && auth.certVerified === "SUCCESS"
  );
}

function unauthorized(): Admission {
  return refuse(401, "Wrong credentials", { "www-authenticate": 'Basic realm="ocpp"' });
}

function refuse(status: number, text: string, headers: Record<string, string> = {}): Admission {
  return { kind: "refused", response: new Response(text, { status, headers }) };
}

/** OCPP-J wants the handshake completed and the connection closed, not an HTTP error (1.6 §3.2, 2.0.1 part 4 §3.1.2). */
export function refuseSubprotocol(): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(1002, "no common subprotocol");
  return new Response(null, { status: 101, webSocket: client });
}
