import { describe, expect, it } from "vitest";
import { MalformedJson } from "../../../../src/api/http/json-body.ts";
import { refusalOf } from "../../../../src/api/v1/errors.ts";
import { BodyRefused } from "../../../../src/request-body.ts";
import { InvalidRequest } from "../../../../src/api/operation/receive.ts";
import * as errors from "../../../../src/errors.ts";
import { Misconfigured } from "../../../../src/env.ts";

const UNAVAILABLE = [503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable", { "Retry-After": "5" }];
const INTERNAL = [500, "INTERNAL_ERROR", "Internal server error", undefined];

describe("errors of the command surface", () => {
  it.each<[Error, unknown[]]>([
    [
      new errors.Unauthenticated("why"),
      [401, "UNAUTHORIZED", "Invalid or inactive API key", { "WWW-Authenticate": "ApiKey" }],
    ],
    [new errors.Forbidden("role", "Too small"), [403, "FORBIDDEN", "Too small", undefined]],
    [new errors.NotFound("Charger", "CP-1"), [404, "NOT_FOUND", "Charger CP-1 not found", undefined]],
    [new errors.NotFound("Transaction"), [404, "NOT_FOUND", "Transaction not found", undefined]],
    [new errors.Policy("host"), [400, "VALIDATION_ERROR", "Request validation failed", undefined]],
    [new InvalidRequest([]), [400, "VALIDATION_ERROR", "Request validation failed", undefined]],
    [
      new MalformedJson(3, "Expecting value"),
      [400, "VALIDATION_ERROR", "Request validation failed", undefined],
    ],
    [
      new errors.Conflict("Charger CP-1 already exists"),
      [409, "CONFLICT", "Charger CP-1 already exists", undefined],
    ],
    [
      new errors.CursorExpired(null),
      [410, "CURSOR_EXPIRED", expect.stringContaining("go on without `after`"), undefined],
    ],
    [
      new errors.UpgradeRequired(),
      [426, "UPGRADE_REQUIRED", expect.any(String), { Upgrade: "websocket", Connection: "Upgrade" }],
    ],
    [new errors.IdempotencyMismatch(), [422, "IDEMPOTENCY_KEY_REUSED", expect.any(String), undefined]],
    [new errors.IdempotencyInFlight(), [409, "CONFLICT", expect.any(String), { "Retry-After": "1" }]],
    [
      new errors.Limited("Rate limit exceeded.", 12),
      [429, "RATE_LIMIT_ERROR", "Rate limit exceeded.", { "Retry-After": "12" }],
    ],
    [
      new errors.LimitReached("Charger limit reached.", null),
      [429, "RATE_LIMIT_ERROR", "Charger limit reached.", undefined],
    ],
    [new BodyRefused(408), [408, "REQUEST_TIMEOUT", "Request Timeout", undefined]],
    [new BodyRefused(413), [413, "PAYLOAD_TOO_LARGE", "Request body too large", undefined]],
    [new BodyRefused(415), [415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type", undefined]],
    [new errors.Unavailable("db.internal:5432 refused"), UNAVAILABLE],
    [
      new errors.MaybeStored("One half is stored", { cause: new Error("db.internal") }),
      [
        503,
        "SERVICE_UNAVAILABLE",
        "Service temporarily unavailable. One half is stored",
        { "Retry-After": "5" },
      ],
    ],
    [new Misconfigured(["JWT_SECRET: set it"]), UNAVAILABLE],
    [new Error("SELECT secret FROM somewhere"), INTERNAL],
    [new TypeError("x is undefined"), INTERNAL],
  ])("%o has its status, code, message and headers", (error, expected) => {
    const { status, code, message, headers } = refusalOf(error);
    expect([status, code, message, headers]).toEqual(expected);
  });

  it("covers every domain error", () => {
    const classes = Object.values(errors).filter((known) => known !== errors.DomainError);
    expect(classes.map((known) => known.name).toSorted()).toEqual([
      "Conflict",
      "CursorExpired",
      "Forbidden",
      "IdempotencyInFlight",
      "IdempotencyMismatch",
      "LimitReached",
      "Limited",
      "MaybeStored",
      "NotFound",
      "Policy",
      "Unauthenticated",
      "Unavailable",
      "UnreadableRow",
      "UpgradeRequired",
    ]);
  });
});
