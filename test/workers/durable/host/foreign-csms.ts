import { vi } from "vitest";

/** How a central system of somebody else answers one upgrade. */
export type Upgrade = "accept" | "noSubprotocol" | "unreachable" | number;

export interface Dialed {
  url: string;
  headers: Headers;
  redirect: string | undefined;
}

/**
 * Stands in for the internet: answers the upgrades the host sends out. Its socket lives inside the host's own object,
 * so it reacts by itself; the test reads what it noted.
 */
export class ForeignCsms {
  readonly dialed: Dialed[] = [];
  readonly frames: string[] = [];
  /** Status of the answer to BootNotification; null closes the socket with `closeCode` instead. */
  bootStatus: "Accepted" | "Pending" | "Rejected" | null = "Accepted";
  closeCode = 1008;
  upgrades: Upgrade[] = [];

  constructor() {
    vi.spyOn(globalThis, "fetch").mockImplementation((target, init) => this.#answer(target, init));
  }

  async #answer(target: unknown, init: RequestInit | undefined): Promise<Response> {
    const headers = new Headers(init?.headers as Record<string, string>);
    if (!headers.has("Upgrade")) throw new Error("Only upgrades are expected here.");
    this.dialed.push({ url: String(target), headers, redirect: init?.redirect });
    const how = this.upgrades.shift() ?? "accept";
    if (how === "unreachable") throw new Error("Network connection lost.");
    if (typeof how === "number") return new Response(null, { status: how });
    const { 0: near, 1: far } = new WebSocketPair();
    far.accept();
    far.addEventListener("message", (event) => this.#read(far, String(event.data)));
    const agreed = new Headers();
    if (how === "accept") agreed.set("Sec-WebSocket-Protocol", headers.get("Sec-WebSocket-Protocol") ?? "");
    return new Response(null, { status: 101, webSocket: near, headers: agreed });
  }

  #read(socket: WebSocket, text: string): void {
    this.frames.push(text);
    const [type, id, action] = JSON.parse(text) as [number, string, string];
    if (type !== 2) return;
    if (action !== "BootNotification") return socket.send(JSON.stringify([3, id, {}]));
    if (this.bootStatus === null) return socket.close(this.closeCode, "no");
    const currentTime = new Date().toISOString();
    socket.send(JSON.stringify([3, id, { status: this.bootStatus, currentTime, interval: 300 }]));
  }
}
