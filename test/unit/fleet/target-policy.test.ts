import { describe, expect, test } from "vitest";
import { forbiddenTarget } from "../../../src/fleet/target-policy.ts";

const forbidden = [
  "ws://localhost/",
  "ws://LOCALHOST./",
  "ws://a.localhost/",
  "ws://127.0.0.1/",
  "ws://127.1/",
  "ws://2130706433/",
  "ws://0x7f000001/",
  "ws://017700000001/",
  "ws://0x7f.1/",
  "ws://127.0.0.1./",
  "ws://%31%32%37.0.0.1/",
  "ws://127。0。0。1/",
  "ws://0.0.0.0/",
  "ws://10.1.2.3/",
  "ws://172.16.0.1/",
  "ws://172.31.255.255/",
  "ws://192.168.1.1/",
  "ws://100.64.0.1/",
  "ws://100.100.100.200/",
  "ws://169.254.169.254/",
  "ws://168.63.129.16/",
  "ws://192.0.0.192/",
  "ws://224.0.0.1/",
  "ws://255.255.255.255/",
  "ws://metadata.google.internal/",
  "ws://printer.local/",
  "ws://redis/",
  "ws://[::]/",
  "ws://[::1]/",
  "ws://[::ffff:7f00:1]/",
  "ws://[::ffff:127.0.0.1]/",
  "ws://[0:0:0:0:0:ffff:0a00:0001]/",
  "ws://[::7f00:1]/",
  "ws://[64:ff9b::7f00:1]/",
  "ws://[64:ff9b:1::1]/",
  "ws://[2002:7f00:1::]/",
  "ws://[2001::1]/",
  "ws://[fc00::1]/",
  "ws://[fd00:ec2::254]/",
  "ws://[fe80::1]/",
  "ws://[fec0::1]/",
  "ws://[ff02::1]/",
  "sftp://0x7f000001/",
  "ftps://2130706433/log",
];

const allowed = [
  "wss://example.com/ocpp",
  "wss://ocpp.example.com./",
  "wss://8.8.8.8/",
  "wss://172.32.0.1/",
  "wss://100.128.0.1/",
  "wss://[2606:4700::1111]/",
  "wss://[::ffff:8.8.8.8]/",
  "wss://[2002:808:808::]/",
  "wss://localhost.example.com/",
  "ftp://files.example.com/x",
];

describe("targets of a caller's choice", () => {
  test.each(forbidden)("refuses %s", (url) => expect(forbiddenTarget(new URL(url))).not.toBeNull());
  test.each(allowed)("lets %s pass", (url) => expect(forbiddenTarget(new URL(url))).toBeNull());
});
