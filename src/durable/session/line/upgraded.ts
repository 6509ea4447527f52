import type { OcppVersion } from "../../../ocpp/version.ts";
import { GENERATION_HEADER } from "../../../session-address.ts";

export interface Upgrade {
  ip: string;
  /** The other end is a simulator host of this deployment. */
  direct: boolean;
  /** It provisioned the session on the way. */
  isNew: boolean;
}

/** The answer that gives a station its end of the socket. `factsGeneration`: the other end tells the line's first facts. */
export function upgraded(client: WebSocket, version: OcppVersion, factsGeneration: number | null): Response {
  const headers = new Headers({ "sec-websocket-protocol": version });
  if (factsGeneration !== null) headers.set(GENERATION_HEADER, String(factsGeneration));
  return new Response(null, { status: 101, webSocket: client, headers });
}
