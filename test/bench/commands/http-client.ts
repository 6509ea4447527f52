import { Agent, request } from "node:http";

export interface HttpAnswer {
  status: number;
  text: string;
}

/** Requests over connections that stay open, with as little of the client's own as Node allows. */
export class HttpClient {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(url: string, connections: number) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: "lifo" });
  }

  get(path: string): Promise<HttpAnswer> {
    return this.#send("GET", path, {}, "");
  }

  post(path: string, apiKey: string, body: object): Promise<HttpAnswer> {
    const text = JSON.stringify(body);
    const headers = { "x-api-key": apiKey, "content-type": "application/json" };
    return this.#send("POST", path, { ...headers, "content-length": String(text.length) }, text);
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, headers: Record<string, string>, body: string): Promise<HttpAnswer> {
    const { hostname, port } = this.#url;
    return new Promise((resolve, reject) => {
      const sent = request({ agent: this.#agent, hostname, port, method, path, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (text += chunk));
        answer.once("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      sent.once("error", reject);
      sent.end(body);
    });
  }
}
