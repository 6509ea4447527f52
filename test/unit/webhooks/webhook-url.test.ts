import { expect, test } from "vitest";
import { webhookUrlProblem } from "../../../src/webhooks/webhook-url.ts";

const PUBLIC_ONLY = { allowPrivateTargets: false };

test.each([
  "https://hooks.example.com/busbar",
  "https://hooks.example.com:8443/a?b=c",
  "https://8.8.8.8/",
  "https://[2606:4700::1111]/x",
  "HTTPS://hooks.example.com",
])("deliveries may go to %s", (url) => {
  expect(webhookUrlProblem(url, PUBLIC_ONLY)).toBeNull();
});

const REFUSED = [
  "http://hooks.example.com/",
  "https://localhost/",
  "https://LOCALHOST./",
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0x7f.0.0.1/",
  "https://017700000001/",
  "https://0/",
  "https://[::1]/",
  "https://[::]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
  "https://[64:ff9b::7f00:1]/",
  "https://[fc00::1]/",
  "https://[fe80::1]/",
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://192.168.1.1/",
  "https://100.64.0.1/",
  "https://169.254.169.254/latest/meta-data",
  "https://168.63.129.16/",
  "https://224.0.0.1/",
  "https://255.255.255.255/",
  "https://１２７.0.0.1/",
  "https://127。0。0。1/",
  "https://intranet/",
  "https://db.internal/",
  "https://printer.local/",
  "https://x.svc.cluster.local/",
  "https://127.0.0.1.nip.io/",
  "https://user@hooks.example.com/",
  "https://user:pass@hooks.example.com/",
  "https://@hooks.example.com/",
  "https://hooks.example.com/#part",
  "https://hooks.example.com\\@10.0.0.1/",
  "https://hooks.exa\tmple.com/",
  " https://hooks.example.com/",
  "https:/hooks.example.com/",
  "https:hooks.example.com",
  "https://",
  "https://?x",
  "hooks.example.com",
  "/hook",
  "",
  "ftp://hooks.example.com/",
  "file:///etc/passwd",
  "gopher://hooks.example.com/",
  "javascript:alert(1)",
  `https://hooks.example.com/${"x".repeat(2048)}`,
];

test.each(REFUSED)("deliveries may not go to %s", (url) => {
  expect(webhookUrlProblem(url, PUBLIC_ONLY)).toMatch(/^must /);
});

test("on the development stack http and private hosts are allowed, user information is not", () => {
  const open = { allowPrivateTargets: true };
  expect(webhookUrlProblem("http://127.0.0.1:9000/hook", open)).toBeNull();
  expect(webhookUrlProblem("http://user@127.0.0.1:9000/hook", open)).toBe(
    "must not contain user information",
  );
  expect(webhookUrlProblem("ftp://127.0.0.1/hook", open)).toBe("must be an https URL");
});
