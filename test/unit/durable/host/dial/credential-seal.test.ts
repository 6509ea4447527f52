import { expect, test } from "vitest";
import { CredentialSeal } from "../../../../../src/durable/host/dial/credential-seal.ts";

const secret = "a secret of at least thirty-two bytes";
const key = "00112233445566778899aabbccddeeff00112233";

test("opens what it sealed", async () => {
  const seal = new CredentialSeal(secret);
  await expect(seal.open(await seal.seal(key, "charger"), "charger")).resolves.toBe(key);
});

test("seals the same key differently every time", async () => {
  const seal = new CredentialSeal(secret);
  expect(await seal.seal(key, "charger")).not.toBe(await seal.seal(key, "charger"));
});

test("does not open for another charger, under another secret, or what was changed", async () => {
  const seal = new CredentialSeal(secret);
  const sealed = await seal.seal(key, "charger");
  await expect(seal.open(sealed, "other")).rejects.toThrow();
  await expect(new CredentialSeal(`${secret}!`).open(sealed, "charger")).rejects.toThrow();
  const [format, iv, body = ""] = sealed.split(".");
  const changed = body.startsWith("A") ? `B${body.slice(1)}` : `A${body.slice(1)}`;
  await expect(seal.open([format, iv, changed].join("."), "charger")).rejects.toThrow();
  await expect(seal.open("nonsense", "charger")).rejects.toThrow("unknown format");
});
