import { expect, test } from "vitest";
import { senderNetwork } from "../../../../src/fleet/address/sender-network.ts";

test.each([
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::", "2001:db8:1:2::/64"],
  ["2001:db8:1:3::6", "2001:db8:1:3::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::ffff:c000:207", "192.0.2.7"],
  ["192.0.2.7", "192.0.2.7"],
  ["local", "local"],
  ["", ""],
  ["not:an:address", "not:an:address"],
])("failures of %s are counted by %s", (address, network) => {
  expect(senderNetwork(address)).toBe(network);
});
