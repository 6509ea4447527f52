import { expect, test } from "vitest";
import { basicAuthorization } from "../../../../src/durable/host/basic-authorization.ts";

test("sends the bytes of a hex key as OCPP-J 1.6 section 6.2.2 shows", () => {
  const key = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF";
  expect(basicAuthorization("AL1000", key, true)).toBe("Basic QUwxMDAwOgABAgMEBQYH////////////////");
});

test("sends a key as text in 2.x, and in 1.6 when it is no hex", () => {
  expect(basicAuthorization("CP", "0011", false)).toBe(`Basic ${btoa("CP:0011")}`);
  expect(basicAuthorization("CP", "a plain password!", true)).toBe(`Basic ${btoa("CP:a plain password!")}`);
});
