import type { InboundHandler } from "./inbound.ts";

export const clearCache: InboundHandler = () => ({ result: { status: "Accepted" } });
