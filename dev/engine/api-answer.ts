/** What a request to the engine's API is answered with; `body` is sent as JSON. */
export interface ApiAnswer {
  status: number;
  body?: unknown;
}

/** Why a request, or one item of a batch, is refused, with the status that QStash gives it. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
