import { expect } from "vitest";
import type { HandlerContext } from "../../../src/ocpp/handler.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { handleCall } from "../../../src/ocpp/routing.ts";
import { validatorsOf } from "./validators-of.ts";

/** Handles a call that must be legal, and checks the answer against the official schema. */
export function handleStrictly(ctx: HandlerContext, action: string, payload: JsonObject) {
  const validators = validatorsOf(ctx.version);
  const handled = handleCall({ kind: "call", id: "m", action, payload }, ctx, validators, "strict");
  const [type, , answer] = JSON.parse(handled.reply) as [number, string, JsonObject];
  expect(type, handled.reply).toBe(3);
  expect(validators.response(action, answer)).toBeNull();
  return { ...handled, answer };
}
