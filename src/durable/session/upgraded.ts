import type { OcppVersion } from "../../ocpp/version.ts";

/** The answer that gives a station its end of the socket. */
export function upgraded(client: WebSocket, version: OcppVersion): Response {
  const headers = { "sec-websocket-protocol": version };
  return new Response(null, { status: 101, webSocket: client, headers });
}
