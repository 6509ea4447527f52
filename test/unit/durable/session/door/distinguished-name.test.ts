import { expect, it } from "vitest";
import { commonName } from "../../../../../src/durable/session/door/distinguished-name.ts";

it.each([
  ["CN=CP-1", "CP-1"],
  ["CN=CP-1, C=US, ST=Texas, O=Acme", "CP-1"],
  ["O=Acme,cn = CP-1 ", "CP-1"],
  ["O=Acme+CN=CP-1", "CP-1"],
  ['O="Acme, CN=CP-2",CN=CP-1', "CP-1"],
  ["O=Acme\\, CN=CP-2,CN=CP-1", "CP-1"],
  ["CN=CP\\,1", "CP,1"],
  ["CN=CP\\2b1", "CP+1"],
  ['CN="CP+1"', "CP+1"],
  ["CN=CP-1\\,CN=CP-2", "CP-1,CN=CP-2"],
])("reads the name in %s", (distinguishedName, name) => {
  expect(commonName(distinguishedName)).toBe(name);
});

it.each([
  "",
  "O=Acme",
  "CN=",
  "CN=CP-1,CN=CP-2",
  "CN=CP-1+CN=CP-2",
  "O=CN=CP-1",
  "SCN=CP-1",
  "O=Acme\\,CN=CP-1",
])("finds no single name in %j", (distinguishedName) => {
  expect(commonName(distinguishedName)).toBeNull();
});
