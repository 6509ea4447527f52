import { describe, expect, it } from "vitest";
import { redactFrame } from "../../../src/ocpp/redact.ts";
import { ReportAssembly } from "../../../src/ocpp/report-assembly.ts";

const frames = [
  '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"hunter2"}]',
  '[3,"a",{"configurationKey":[{"key":"authorizationkey","readonly":false,"value":"hunter2"}]}]',
  '[2,"a","SetVariables",{"setVariableData":[{"component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"},"attributeValue":"hunter2"}]}]',
  '[3,"a",{"getVariableResult":[{"attributeStatus":"Accepted","attributeValue":"hunter2","component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}}]}]',
  '[2,"a","NotifyReport",{"reportData":[{"component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"},"variableAttribute":[{"type":"Actual","value":"hunter2"}]}]}]',
  '[2,"a","NotifyEvent",{"eventData":[{"actualValue":"hunter2","component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}}]}]',
  '[2,"a","SetNetworkProfile",{"connectionData":{"apn":{"apnPassword":"hunter2","simPin":1234567}}}]',
  '[2,"a","SetNetworkProfile",{"connectionData":{"basicAuthPassword":"hunter2"}}]',
  '[2,"a","SetNetworkProfile",{"connectionData":{"vpn":{"user":"u","password":"hunter2","key":"hunter2"}}}]',
  '[2,"a","GetLog",{"log":{"remoteLocation":"ftp://user:hunter2@example.com/x"}}]',
  '[2,"a","GetDiagnostics",{"location":"sftp:\\/\\/user:hunter2@example.com\\/x"}]',
  '[2,"a","GetDiagnostics",{"location":"ftp:/user:hunter2@example.com/x"}]',
  '[2,"a","GetDiagnostics",{"location":"FTP:user:hunter2@example.com/x"}]',
  '[2,"a","GetDiagnostics",{"location":" ftp:\\\\user:hunter2@example.com/x"}]',
  '[2,"a","GetDiagnostics",{"location":"ftp:\\\\us er:hunter2@example.com/x"}]',
  '[2,"a","GetDiagnostics",{"location":"ftp://us er:hunter2@example.com/x"}]',
  '[2,"a","GetDiagnostics",{"location":"ftp://us\\"er:hunter2@example.com/x"}]',
  '[2,"a","GetDiagnostics",{"location":"sftp://us\\\\er:hunter2@example.com/x"}]',
  '[2,"a","DataTransfer",{"data":"fetch sftp://us\\\\er:hunter2@example.com/x"}]',
  '[2,"a","DataTransfer",{"data":"fetch ftp:\\\\user:hunter2@example.com/x"}]',
  '[2,"a","Authorize",{"idToken":{"idToken":"hunter2","type":"KeyCode"}}]',
  '[2,"a","Authorize",{"idToken":{"type":"keycode","idToken":"x","additionalInfo":[{"additionalIdToken":"hunter2","type":"t"}]}}]',
  '[2,"a","ChangeConfiguration",{"key":"Authorizat\\u0069onKey","value":"hunter2"}]',
  '[2,"a","DataTransfer",{"vendorId":"v","data":"{\\"AuthorizationKey\\":\\"hunter2\\"}"}]',
  '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"hunter2"',
  '[2,"a","ChangeConfiguration",{"key":"WifiPassword","value":"hunter2"}]',
  '[3,"a",{"configurationKey":[{"key":"Vendor_Admin_Passwd","readonly":false,"value":"hunter2"}]}]',
  '[2,"a","NotifyReport",{"reportData":[{"component":{"name":"Web"},"variable":{"name":"AdminPassword"},"variableAttribute":[{"value":"hunter2"}]}]}]',
  '[2,"a","DataTransfer",{"data":"{\\"wifi\\":{\\"passphrase\\":\\"hunter2\\"}}"}]',
  '[2,"a","DataTransfer",{"data":"ssid=depot;wpa_key=hunter2;mode=ap"}]',
  '[2,"a","DataTransfer",{"data":"SSID depot, password: \\"hunter2\\""}]',
  '[2,"a","DataTransfer",{"data":{"accessToken":"hunter2","clientSecret":"hunter2"}}]',
  '[2,"a","SecurityEventNotification",{"type":"x","techInfo":"login admin failed, pwd=hunter2"}]',
  '[2,"a","SecurityEventNotification",{"type":"x","techInfo":"GET /x Authorization: Basic aHVudGVyMjpodW50ZXIyhunter2"}]',
  '[2,"a","UpdateFirmware",{"location":"https://files.example.com/fw.bin?X-Amz-Signature=hunter2&X-Amz-Date=1"}]',
  '[2,"a","GetLog",{"log":{"remoteLocation":"https://files.example.com/up#sig=hunter2"}}]',
  '[2,"a","DataTransfer",{"data":"get https://files.example.com/a?sv=1&sig=hunter2 now"}]',
  '[2,"a","SetNetworkProfile",{"connectionData":{"ocppCsmsUrl":"wss://csms.example.com/ocpp/Khunter21Qk4dXq9bTzR0Wm/CP-1"}}]',
  '[2,"a","SetNetworkProfile",{"connectionData":{"ocppCsmsUrl":"wss://csms.example.com/6f1e0c9a4b7d2e8835c1f0a96b7d4e2c91a8f35b/CP"}}]',
  '[2,"a","DataTransfer",{"data":"key cap_live_hunter2hunter2hunter2"}]',
];

describe("redactFrame", () => {
  it.each(frames)("leaves no secret in %s", (text) => {
    const redacted = redactFrame(text);
    expect(redacted).not.toMatch(/hunter2|1234567|6f1e0c9a/);
    expect(redacted).toContain("***");
  });

  it("keeps everything around a secret", () => {
    expect(redactFrame('[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"hunter2"}]')).toBe(
      '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"***"}]',
    );
    expect(redactFrame('{"remoteLocation":"ftp://user:hunter2@example.com/x"}')).toBe(
      '{"remoteLocation":"ftp://***@example.com/x"}',
    );
  });

  it("keeps host and path of a signed URL", () => {
    expect(redactFrame('{"location":"https://files.example.com:8443/fw/v2.0.0.bin?sig=hunter2"}')).toBe(
      '{"location":"https://files.example.com:8443/fw/v2.0.0.bin?***"}',
    );
  });

  it.each([
    '[2,"a","Heartbeat",{}]',
    '[2,"a","UpdateFirmware",{"location":"https://firmware.example.com/v2.0.0/firmware.bin","retries":3}]',
    '[2,"a","SetNetworkProfile",{"connectionData":{"ocppCsmsUrl":"wss://csms.example.com/ocpp/acme/CHARGER-001"}}]',
    '[2,"a","GetLog",{"log":{"remoteLocation":"https://example.com/01a1fe19-0888-7000-b2ce-80b8c30f2528/diagnostics"}}]',
    '[2,"a","DataTransfer",{"vendorId":"v","data":"Basic charging at 11 kW, see https://example.com/help"}]',
    '[3,"a",{"configurationKey":[{"key":"SupportedIdTokenTypes","readonly":true,"value":"ISO14443"}]}]',
    '[2,"a","TransactionEvent",{"idToken":{"idToken":"04A2B3C4D5E6F7","type":"ISO14443"}}]',
    "not json at all",
    '[2,  "a","ChangeConfiguration",{"key":"HeartbeatInterval","value":"300"}]',
    '[2,"a","Authorize",{"idToken":{"idToken":"ABC","type":"ISO14443"}}]',
    '[2,"a","DataTransfer",{"vendorId":"v","data":"C:\\\\x, ask a@b.example"}]',
    '[2,"a","GetDiagnostics",{"location":"ftp://example.com/u@v"}]',
  ])("returns %s untouched", (text) => {
    expect(redactFrame(text)).toBe(text);
  });

  it("takes linear time for a million characters of hostile text", () => {
    const length = 1_000_000;
    expect(redactFrame(`["vpn",${"[".repeat(length)}`)).toBe("***");
    expect(redactFrame(`["vpn",${"[".repeat(10_000)}${"]".repeat(10_000)}]`)).toContain("***");
    redactFrame(`["a://b@c","${"a".repeat(length)}"]`);
    for (const part of ["://", "\\\\\\\\", ":\\\\", "ftp:", '\\"ftp:', " ftp:/", "ftp:\\t"].concat([
      "password",
      "password= ",
      "secret-",
      "eyJaaaaaaaa",
      "Basic ",
      "cap_live_",
      "https://a?",
      "a://a/",
      'pwd\\"',
    ]))
      redactFrame(`["a://b@c","ftp:${part.repeat(length / part.length)}/@"]`);
  });
});

describe("ReportAssembly", () => {
  const part = (seqNo: number | null, isLast = false) => ({ seqNo, isLast, rows: [{ seqNo }] });

  it("is complete with the last part and every part before it, in any order", () => {
    const assembly = new ReportAssembly();
    expect(assembly.add(part(2, true))).toBeNull();
    expect(assembly.add(part(0))).toBeNull();
    expect(assembly.add(part(0))).toBeNull();
    expect(assembly.add(part(1))).toEqual([{ seqNo: 0 }, { seqNo: 1 }, { seqNo: 2 }]);
  });

  it("names missing parts as soon as the last part has arrived", () => {
    const assembly = new ReportAssembly();
    assembly.add(part(1));
    expect(assembly.missing).toBeNull();
    expect(assembly.add(part(4, true))).toBeNull();
    expect(assembly.missing).toEqual([0, 2, 3]);
    for (const seqNo of [0, 2]) assembly.add(part(seqNo));
    expect(assembly.missing).toEqual([3]);
    expect(assembly.add(part(3))).toHaveLength(5);
    expect(assembly.missing).toEqual([]);
  });

  it("names at most a hundred missing parts", () => {
    const assembly = new ReportAssembly();
    assembly.add(part(2 ** 31 - 1, true));
    expect(assembly.missing).toEqual(Array.from({ length: 100 }, (_, seqNo) => seqNo));
  });

  it("orders parts without numbers by arrival", () => {
    const assembly = new ReportAssembly();
    expect(assembly.add(part(null))).toBeNull();
    expect(assembly.add(part(null, true))).toHaveLength(2);
  });

  it("stops collecting at the maximum number of rows, and is never complete then", () => {
    const assembly = new ReportAssembly();
    const rows = Array.from({ length: 30_000 }, () => ({}));
    expect(assembly.add({ seqNo: 0, isLast: false, rows })).toBeNull();
    expect(assembly.add({ seqNo: 1, isLast: true, rows })).toBeNull();
  });
});
