import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyToken } from "../../../../src/api/http/jwt.ts";
import { Unauthenticated, Unavailable } from "../../../../src/errors.ts";
import { BASE_URL, createWorld, JWT_SECRET, tokenAt } from "../access-world.ts";

const NOW = new Date("2026-02-06T12:00:00.000Z");
const seconds = Math.floor(NOW.getTime() / 1000);
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const CLAIMS = {
  sub: "user-1",
  iss: BASE_URL,
  aud: "busbar",
  exp: seconds + 60,
  org: crypto.randomUUID(),
  role: "owner",
};

describe("tokens signed with the shared secret", () => {
  const { config } = createWorld();
  const verify = (token: string) => verifyToken(token, config, NOW);

  it("reads subject, organisation and role of a token that holds", async () => {
    const { org, role } = CLAIMS;
    expect(await verify(await tokenAt(NOW, { org, role }))).toEqual({
      subject: "user-1",
      organizationId: org,
      hasOrganization: true,
      role: "owner",
    });
  });

  it("accepts a token that names several audiences, ours among them", async () => {
    await expect(verify(await tokenAt(NOW, { aud: ["elsewhere", "busbar"] }))).resolves.toBeDefined();
  });

  it.each<[string, Record<string, unknown>]>([
    ["a wrong issuer", { iss: "https://evil.example" }],
    ["no issuer", { iss: undefined }],
    ["a wrong audience", { aud: "busbar-settings" }],
    ["no audience", { aud: undefined }],
    ["no expiry", { exp: undefined }],
    ["an expiry in the past", { exp: seconds - 60 }],
    ["an expiry that is no number", { exp: "tomorrow" }],
    ["a start in the future", { nbf: seconds + 60 }],
    ["no subject", { sub: undefined }],
    ["an empty subject", { sub: "" }],
    ["a subject that is no text", { sub: 5 }],
    ["more than 8 KB", { padding: "x".repeat(8192) }],
  ])("refuses a token with %s", async (_title, claims) => {
    await expect(verify(await tokenAt(NOW, claims))).rejects.toBeInstanceOf(Unauthenticated);
  });

  it.each<[string, () => Promise<string>]>([
    ["algorithm none", async () => `${base64url({ alg: "none" })}.${base64url(CLAIMS)}.`],
    ["a stripped signature", async () => (await tokenAt(NOW, {})).replace(/[^.]*$/, "")],
    [
      "a changed payload",
      async () =>
        (await tokenAt(NOW, {})).replace(/\.[^.]*\./, `.${base64url({ ...CLAIMS, role: "admin" })}.`),
    ],
    [
      "another secret",
      () => signed("HS256", new TextEncoder().encode("another-secret-of-more-than-32-bytes!")),
    ],
    ["a longer HMAC", () => signed("HS512", new TextEncoder().encode(JWT_SECRET))],
    ["four parts", async () => `${await tokenAt(NOW, {})}.x`],
    ["no JSON", async () => "a.b.c"],
  ])("refuses a token with %s", async (_title, make) => {
    await expect(verify(await make())).rejects.toBeInstanceOf(Unauthenticated);
  });
});

async function signed(
  alg: string,
  key: Parameters<SignJWT["sign"]>[0],
  header: Record<string, unknown> = {},
) {
  return new SignJWT(CLAIMS).setProtectedHeader({ alg, ...header }).sign(key);
}

describe("tokens signed with a published key", () => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    response.setHeader("content-type", "application/json");
    response.end(keySet);
  });
  let keySet = "";
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  let origin = "";

  beforeAll(async () => {
    keys = await generateKeyPair("RS256", { extractable: true });
    keySet = JSON.stringify({
      keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one", alg: "RS256", use: "sig" }],
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => void server.close(resolve)));

  const verify = (token: string) =>
    verifyToken(token, createWorld({ JWKS_URL: `${origin}/keys` }).config, NOW);

  it("accepts RS256 with the key the token names", async () => {
    const token = await signed("RS256", keys.privateKey, { kid: "one" });
    expect((await verify(token)).subject).toBe("user-1");
  });

  it("refuses HS256 with the public key as secret", async () => {
    const publicKey = new TextEncoder().encode(await exportSPKI(keys.publicKey));
    const token = await signed("HS256", publicKey, { kid: "one" });
    await expect(verify(token)).rejects.toBeInstanceOf(Unauthenticated);
  });

  it("never fetches what a token names", async () => {
    const foreign = await generateKeyPair("RS256", { extractable: true });
    const jwk = await exportJWK(foreign.publicKey);
    const before = requests.length;
    for (const header of [
      { jku: `${origin}/evil` },
      { x5u: `${origin}/evil` },
      { jwk },
      { kid: "../../x" },
    ]) {
      const token = await signed("RS256", foreign.privateKey, { kid: "one", ...header });
      await expect(verify(token)).rejects.toBeInstanceOf(Unauthenticated);
    }
    expect(requests.slice(before).filter((url) => url !== "/keys")).toEqual([]);
  });

  it("says that it is unavailable when the key set cannot be fetched", async () => {
    const { config } = createWorld({ JWKS_URL: "http://127.0.0.1:1/keys" });
    const token = await signed("RS256", keys.privateKey, { kid: "one" });
    await expect(verifyToken(token, config, NOW)).rejects.toBeInstanceOf(Unavailable);
  });
});
