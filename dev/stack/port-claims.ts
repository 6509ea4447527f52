import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";

const HOST = "127.0.0.1";
// Below the range operating systems hand to outgoing connections: a part that died finds its port still free.
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

/** True when 127.0.0.1:port can be listened on. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Ports that other supervisors leave alone from the moment they are chosen: a part listens only seconds later, and
 * not at all for a moment after it died. The sign of a claim is a UDP socket on the same number; the system takes it
 * back even from a process that is killed.
 */
export class PortClaims {
  readonly #signs = new Map<number, Socket>();

  /** Claims this port; false when somebody listens on it or has claimed it. */
  async take(port: number): Promise<boolean> {
    if (this.#signs.has(port)) return false;
    const sign = await raiseSign(port);
    if (!sign) return false;
    if (await isPortFree(port)) {
      this.#signs.set(port, sign);
      return true;
    }
    sign.close();
    return false;
  }

  /** Claims a port nobody has. */
  async takeFree(): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
      if (await this.take(port)) return port;
    }
    throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
  }

  release(): void {
    for (const sign of this.#signs.values()) sign.close();
    this.#signs.clear();
  }
}

function raiseSign(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const sign = createSocket("udp4");
    sign.once("error", () => {
      sign.close();
      resolve(null);
    });
    sign.bind({ port, address: HOST, exclusive: true }, () => resolve(sign.unref()));
  });
}
