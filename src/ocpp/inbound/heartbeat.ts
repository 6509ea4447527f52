import { answerOnly, type Handler } from "../handler.ts";

/** Every version: the answer sets the station's clock (1.6 §4.6, 2.x G02). */
export const heartbeat: Handler = (ctx) => answerOnly({ currentTime: ctx.now.toISOString() });
