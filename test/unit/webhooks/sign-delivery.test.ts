import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { newSecret, secretProblem, signatureHeaders } from "../../../src/webhooks/sign-delivery.ts";

const ID = "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2";
const AT = new Date(1_770_388_200_000);
const BODY =
  '{"event":"transaction.started","timestamp":"2026-02-06T14:30:00.000Z","data":{"transactionId":12345,"chargeBoxId":"CHARGER-001","connectorId":1,"idTag":"USER123","meterStart":1000}}';
const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

test("the documented example has the documented headers", () => {
  expect(signatureHeaders(ID, AT, BODY, [SECRET])).toEqual({
    "webhook-id": ID,
    "webhook-timestamp": "1770388200",
    "webhook-signature": "v1,u0rA9FFal/ZX8mYFgkbZa7sexYwACTYZHMNnKgYge54=",
  });
});

test("a secret without whsec_ is the key itself, in UTF-8", () => {
  const secret = "schlüssel mit ümlauten ☃ und mehr";
  const expected = createHmac("sha256", Buffer.from(secret, "utf8"))
    .update(`${ID}.1770388200.${BODY}`)
    .digest("base64");
  expect(signatureHeaders(ID, AT, BODY, [secret])["webhook-signature"]).toBe(`v1,${expected}`);
});

test("with two secrets a receiver that knows either of them accepts, and one that knows neither refuses", () => {
  const at = new Date();
  const old = newSecret();
  const headers = signatureHeaders(ID, at, BODY, [SECRET, old]);
  expect(headers["webhook-signature"]?.split(" ")).toHaveLength(2);
  for (const known of [SECRET, old]) expect(new Webhook(known).verify(BODY, headers)).toBeTruthy();
  expect(() => new Webhook(newSecret()).verify(BODY, headers)).toThrow("No matching signature");
});

test("a generated secret is whsec_ and 32 bytes, another one each time", () => {
  const secrets = [newSecret(), newSecret()];
  expect(new Set(secrets).size).toBe(2);
  for (const secret of secrets) {
    expect(secretProblem(secret)).toBeNull();
    expect(Buffer.from(secret.replace("whsec_", ""), "base64")).toHaveLength(32);
  }
});

test.each([
  ["sixteen characters", "0123456789abcdef", true],
  ["256 characters", "x".repeat(256), true],
  ["fifteen characters", "0123456789abcde", false],
  ["257 characters", "x".repeat(257), false],
  ["a lone surrogate", `0123456789abcdef\ud800`, false],
  ["whsec_ and 16 bytes", `whsec_${Buffer.alloc(16).toString("base64")}`, true],
  ["whsec_ and 15 bytes", `whsec_${Buffer.alloc(15).toString("base64")}`, false],
  ["whsec_ and no base64", "whsec_not base64 at all!", false],
  ["whsec_ and base64 of URLs", `whsec_${"-_".repeat(16)}`, false],
  ["whsec_ alone, padded out", "whsec_==========", false],
])("a secret of %s is accepted: %s %s", (_what, secret, isAccepted) => {
  expect(secretProblem(secret) === null).toBe(isAccepted);
});
