import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** HTTP status of an upgrade without a credential. A connection that is accepted is closed at once. */
export async function upgradeStatus(url: string, slug: string, identity: string): Promise<number> {
  const attempt = request(`${url}/ocpp/${slug}/${encodeURIComponent(identity)}`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-protocol": "ocpp1.6",
    },
    timeout: 10_000,
  });
  attempt.end();
  attempt.once("timeout", () => attempt.destroy(new Error("the upgrade was not answered")));
  const upgraded = new Promise<number>((resolve) =>
    attempt.once("upgrade", (_response: IncomingMessage, socket: Socket) => {
      socket.destroy();
      resolve(101);
    }),
  );
  const answered = once(attempt, "response").then(([response]: IncomingMessage[]) => {
    response?.resume();
    return response?.statusCode ?? 0;
  });
  return Promise.race([answered, upgraded]);
}
