/** The part of the station client from npm that tests use; the package ships no types. */
declare module "ocpp-rpc" {
  export interface CallContext {
    params: Record<string, unknown>;
  }

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
    close(options?: { code?: number; reason?: string }): Promise<unknown>;
    call(action: string, params: Record<string, unknown>): Promise<Record<string, unknown>>;
    handle(action: string, handler: (context: CallContext) => Record<string, unknown>): void;
    on(event: string, listener: (...args: never[]) => void): this;
  }
}
