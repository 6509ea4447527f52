import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { loadValidators, type Validators } from "../../../src/ocpp/validators.ts";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { hashOf } from "../../../src/simulator/station/certificate.ts";
import { StationUnderTest } from "./station-under-test.ts";

const ROOT = [
  "-----BEGIN CERTIFICATE-----",
  "MIIBijCCAS+gAwIBAgIEAKGywzAKBggqhkjOPQQDAjAhMRAwDgYDVQQKDAdFeGFt",
  "cGxlMQ0wCwYDVQQDDARSb290MCAXDTI2MTEyODE4NTkyMVoYDzIxMjYxMTA0MTg1",
  "OTIxWjAhMRAwDgYDVQQKDAdFeGFtcGxlMQ0wCwYDVQQDDARSb290MFkwEwYHKoZI",
  "zj0CAQYIKoZIzj0DAQcDQgAEm/8dHV9rTC0efdZWMISdt/w47qiO1jFd9liTBdkw",
  "TzyUebW4hEwbdLWqjH8MKbkDqr7hojKsB2x2htpaHodBuaNTMFEwHQYDVR0OBBYE",
  "FPw+EJWKPU+qijbW1EnhbDUbpJuwMB8GA1UdIwQYMBaAFPw+EJWKPU+qijbW1Enh",
  "bDUbpJuwMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAM7Img7z",
  "TCq+FM30uhfAn+c101P6J7CXSv0oh4iqu0M3AiEAqiihW4Z9GkexSkGIHTRl23YM",
  "Oq1q9RhiHL2VSILxTYE=",
  "-----END CERTIFICATE-----",
].join("\n");

/** Signed by the root. */
const LEAF = [
  "-----BEGIN CERTIFICATE-----",
  "MIIBKjCB0gIBBzAKBggqhkjOPQQDAjAhMRAwDgYDVQQKDAdFeGFtcGxlMQ0wCwYD",
  "VQQDDARSb290MCAXDTI2MTEyODE4NTkyMVoYDzIxMjYxMTA0MTg1OTIxWjAhMRAw",
  "DgYDVQQKDAdFeGFtcGxlMQ0wCwYDVQQDDARMZWFmMFkwEwYHKoZIzj0CAQYIKoZI",
  "zj0DAQcDQgAE6LIPU291rZy8Ip+pMH4ViYYAmzkTow7hp00EMU7ijZiyVlmvGqx6",
  "Wga2u4H097r5SgnPJ9tMtMrm0hRWzZKKKDAKBggqhkjOPQQDAgNHADBEAiBWAU+6",
  "Q1BCzS8CEia0KG2T5zR95zk/vlD49r8gHI+MJwIgAt5PfIOt56ZHOZX/HR6g20Jo",
  "lFsXmScQkNg5ziEyCD8=",
  "-----END CERTIFICATE-----",
].join("\n");

/** As `openssl ocsp -sha256` names it. */
const ROOT_HASH = {
  hashAlgorithm: "SHA256",
  issuerNameHash: "a368042b6d02f3eeae474d128bd7300e7ca76d9805741c6c8b6b599f04cb638e",
  issuerKeyHash: "6cca5445da7862169a0d71c5baf728b9d8e73c98447b3d2314042b0967228894",
  serialNumber: "a1b2c3",
};

test("hashes as SHA-256 does, whatever the length", () => {
  for (let length = 0; length < 200; length++) {
    const message = Uint8Array.from({ length }, (_, index) => (index * 31 + length) % 256);
    expect(hashOf(message)).toBe(createHash("sha256").update(message).digest("hex"));
  }
});

describe.each(OCPP_VERSIONS)("the certificates of a %s station", (version) => {
  const is16 = version === "ocpp1.6";
  const type = is16 ? "CentralSystemRootCertificate" : "CSMSRootCertificate";
  let validators: Validators;

  beforeAll(async () => {
    validators = await loadValidators(version);
  });

  function ask(station: StationUnderTest, action: string, payload: object) {
    expect(validators.request(action, payload)).toBeNull();
    const answer = station.call(action, payload)?.payload;
    expect([answer, validators.response(action, answer)]).toEqual([answer, null]);
    return answer ?? {};
  }

  const install = (station: StationUnderTest, certificate: string) =>
    ask(station, "InstallCertificate", { certificateType: type, certificate })["status"];
  const list = (station: StationUnderTest, wanted = type) =>
    ask(station, "GetInstalledCertificateIds", { certificateType: is16 ? wanted : [wanted] });
  const listed = (...hashes: object[]) => ({
    status: "Accepted",
    ...(is16
      ? { certificateHashData: hashes }
      : {
          certificateHashDataChain: hashes.map((hash) => ({
            certificateType: type,
            certificateHashData: hash,
          })),
        }),
  });

  test("are named by their hashes once, over a power cut too, until they are deleted", () => {
    const station = StationUnderTest.booted(version);
    expect(list(station)).toEqual({ status: "NotFound" });
    expect([install(station, ROOT), install(station, ROOT)]).toEqual(["Accepted", "Accepted"]);
    expect(list(station)).toEqual(listed(ROOT_HASH));
    expect(list(station, "ManufacturerRootCertificate")).toEqual({ status: "NotFound" });
    station.input({ kind: "powerOff" });
    station.boot();
    expect(list(station)).toEqual(listed(ROOT_HASH));
    const certificateHashData = { ...ROOT_HASH, serialNumber: ROOT_HASH.serialNumber.toUpperCase() };
    expect(ask(station, "DeleteCertificate", { certificateHashData })).toEqual({ status: "Accepted" });
    expect(ask(station, "DeleteCertificate", { certificateHashData })).toEqual({ status: "NotFound" });
    expect(list(station)).toEqual({ status: "NotFound" });
  });

  test.each([
    ["is no certificate", "hello"],
    ["is cut off", ROOT.replace(/DAdFeGFt[^-]*/, "\n")],
    ["is no root", LEAF],
  ])("take none that %s", (_why, certificate) => {
    const station = StationUnderTest.booted(version);
    expect(install(station, certificate)).toBe("Rejected");
    expect(list(station)).toEqual({ status: "NotFound" });
  });

  test("are not its own when it has asked for none", () => {
    expect(ask(StationUnderTest.booted(version), "CertificateSigned", { certificateChain: LEAF })).toEqual({
      status: "Rejected",
    });
  });
});
