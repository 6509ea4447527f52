/** The part of the ocpp-rpc package that tests use. It has no types of its own. */
declare module "ocpp-rpc" {
  export interface CallContext {
    messageId: string;
    method: string;
    params: Record<string, unknown>;
  }

  /** What a handler returns to leave a CALL without an answer. */
  export const NOREPLY: unique symbol;
  /** What a handler throws to answer with a CALLERROR. */
  export function createRPCError(code: string, description?: string): Error;

  type Answer = Record<string, unknown> | typeof NOREPLY;
  type Handler = (context: CallContext) => Answer | Promise<Answer>;

  export class RPCClient {
    constructor(options: {
      endpoint: string;
      identity: string;
      protocols: string[];
      password?: string | Buffer;
      strictMode?: boolean;
      reconnect?: boolean;
    });
    readonly protocol: string;
    connect(): Promise<unknown>;
    close(options?: { code?: number; reason?: string; force?: boolean }): Promise<unknown>;
    call(action: string, params: Record<string, unknown>): Promise<Record<string, unknown>>;
    handle(action: string, handler: Handler): void;
    /** For every action without a handler of its own. */
    handle(handler: Handler): void;
    sendRaw(text: string): void;
    on(event: string, listener: (...args: never[]) => void): this;
  }
}
