import type { Env } from "../../../env.ts";
import { forbiddenTarget } from "../../../fleet/address/target-policy.ts";
import type { SimulatedStation } from "../../../ports.ts";
import {
  GENERATION_HEADER,
  OFFER_HEADER,
  sessionName,
  TRANSPORT_HEADER,
  type HostOffer,
} from "../../../session-address.ts";
import { within } from "../../../within.ts";
import type { DialOutcome, HostFacts } from "./dial-outcome.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** Longest `Retry-After` of a central system that is respected. */
const RETRY_AFTER_MAX_MS = 60 * 60 * 1000;
const HEX = /^(?:[0-9a-fA-F]{2})+$/;

interface Login {
  key: string | null;
  offer: HostOffer | null;
}

/**
 * Opens the station's socket; never throws. `key` and `offer` are sent to sessions of this deployment only. The session takes the
 * offer with the upgrade, which saves a call and a commit for every new station.
 */
export async function dial(env: Env, station: SimulatedStation, { key, offer }: Login): Promise<DialOutcome> {
  const isOwn = isOwnSocket(station.wsUrl, env.PUBLIC_BASE_URL, station.organizationSlug);
  const url = isOwn ? null : targetOf(station);
  const reason = url && !env.ALLOW_PRIVATE_TARGETS ? forbiddenTarget(url) : null;
  if (reason) return { kind: "forbidden", message: `The CSMS address is not allowed: ${reason}` };
  try {
    const response = await answerOf((signal) =>
      url ? dialForeign(url, station, signal) : dialOwn(env, station, { key, offer }),
    );
    return judge(response, station, { isOwn, offered: isOwn ? offer : null });
  } catch {
    return { kind: "unreachable", message: "The CSMS did not answer the WebSocket upgrade" };
  }
}

/** Calls the session object directly. Admission treats this connection as wss. */
function dialOwn(env: Env, station: SimulatedStation, { key, offer }: Login): Promise<Response> {
  const session = env.CHARGE_POINT_SESSION.getByName(sessionName(station));
  const headers = new Headers({
    Upgrade: "websocket",
    "Sec-WebSocket-Protocol": station.version,
    [TRANSPORT_HEADER]: "direct",
  });
  if (key !== null) {
    headers.set("Authorization", basicAuthorization(station.identity, key, station.version === "ocpp1.6"));
  }
  if (offer) headers.set(OFFER_HEADER, JSON.stringify(offer));
  const path = `/ocpp/${station.organizationSlug}/${encodeURIComponent(station.identity)}`;
  return session.fetch(new Request(`https://session${path}`, { headers }));
}

/** Connects to the central system of somebody else. No Authorization header is sent: keys stay inside the deployment. */
function dialForeign(url: URL, station: SimulatedStation, signal: AbortSignal): Promise<Response> {
  const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": station.version };
  return fetch(url, { headers, redirect: "manual", signal });
}

function targetOf(station: SimulatedStation): URL {
  const base = (station.wsUrl ?? "").replace(/\/+$/, "").replace(/^ws/i, "http");
  return new URL(`${base}/${encodeURIComponent(station.identity)}`);
}

/** Answer to the upgrade within a deadline. The deadline does not cover the socket: a later abort would close it. */
function answerOf(send: (signal: AbortSignal) => Promise<Response>): Promise<Response> {
  const abort = new AbortController();
  return within(CONNECT_TIMEOUT_MS, send(abort.signal), () => {
    abort.abort();
    return new Error("no answer to the upgrade");
  });
}

function judge(
  response: Response,
  station: SimulatedStation,
  { isOwn, offered }: { isOwn: boolean; offered: HostOffer | null },
): DialOutcome {
  const socket = response.webSocket;
  if (!socket) {
    void response.body?.cancel();
    return {
      kind: refusalOf(response, isOwn),
      message: `The CSMS answered the WebSocket upgrade with ${response.status}`,
      retryAfterMs: retryAfterMs(response, Date.now()),
    };
  }
  socket.accept();
  if (response.headers.get("Sec-WebSocket-Protocol") === station.version) {
    return { kind: "open", socket, lineFacts: hostFactsOf(response, offered) };
  }
  socket.close(1002, "no common subprotocol");
  return { kind: "refused", message: `The CSMS did not agree to the subprotocol ${station.version}` };
}

function hostFactsOf({ headers }: Response, offered: HostOffer | null): HostFacts | null {
  const generation = headers.get(GENERATION_HEADER);
  return offered && generation !== null ? { generation: Number(generation), facts: offered.facts } : null;
}

/** Milliseconds from a `Retry-After` header: seconds or a date (RFC 9110 §10.2.3). Other values count as absent. */
function retryAfterMs({ headers }: Response, nowMs: number): number {
  const value = headers.get("Retry-After")?.trim() ?? "";
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS);
}

function refusalOf({ status }: Response, isOwn: boolean): "unreachable" | "refused" | "unknown" {
  if (isOwn && status === 404) return "unknown";
  return status >= 500 || status === 429 ? "unreachable" : "refused";
}

/** Whether a station connects to this deployment, on the URL of its organisation. Null: it does by default. */
export function isOwnSocket(wsUrl: string | null, publicBaseUrl: string, organizationSlug: string): boolean {
  if (wsUrl === null) return true;
  const own = new URL(`${publicBaseUrl.replace(/^http/, "ws")}/ocpp/${organizationSlug}`);
  return new URL(wsUrl.replace(/\/+$/, "")).href === own.href;
}

/** Value of the Authorization header. 1.6 sends the bytes of a hex key (OCPP-J 1.6 §6.2.2), 2.x the key as text (A00.FR.205). */
export function basicAuthorization(identity: string, key: string, isHexDecoded: boolean): string {
  return `Basic ${btoa(`${identity}:${isHexDecoded && HEX.test(key) ? bytesOf(key) : key}`)}`;
}

/** Bytes of a hex text as `btoa` takes them, one character per byte. */
function bytesOf(hex: string): string {
  return hex.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
}
