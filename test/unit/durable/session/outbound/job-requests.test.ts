import { describe, expect, it } from "vitest";
import { withAnswer, withRequest } from "../../../../../src/durable/session/outbound/job-requests.ts";

const update = (requestId: number) => ({ action: "UpdateFirmware", payload: { requestId } });

describe("the request that a station works on", () => {
  it("may be the one before until the newer one is answered", () => {
    expect(withRequest({}, update(1))).toEqual({ firmware: [1] });
    expect(withRequest({ firmware: [1] }, update(2))).toEqual({ firmware: [1, 2] });
    expect(withRequest({ firmware: [1, 2] }, update(3))).toEqual({ firmware: [2, 3] });
  });

  it("is the newer one once that is accepted, and the one before once it is refused", () => {
    expect(withAnswer({ firmware: [1, 2] }, update(2), "Accepted")).toEqual({ firmware: [2] });
    expect(withAnswer({ firmware: [1, 2] }, update(2), "AcceptedCanceled")).toEqual({ firmware: [2] });
    expect(withAnswer({ firmware: [1, 2] }, update(2), "Rejected")).toEqual({ firmware: [1] });
    expect(withAnswer({ firmware: [2] }, update(2), "Rejected")).toEqual({});
  });

  it("is one for each kind of job", () => {
    const log = { action: "GetLog", payload: { requestId: 2 } };
    expect(withRequest({ firmware: [1] }, log)).toEqual({ firmware: [1], diagnostics: [2] });
    const publish = { action: "PublishFirmware", payload: { requestId: 3 } };
    expect(withRequest({ firmware: [1] }, publish)).toEqual({ firmware: [1], published_firmware: [3] });
  });

  it("is not affected by other commands", () => {
    const requests = { firmware: [1] };
    const report = { action: "GetBaseReport", payload: { requestId: 9 } };
    expect(withRequest(requests, report)).toBe(requests);
    expect(withAnswer(requests, report, "Accepted")).toBe(requests);
    expect(withRequest(requests, { action: "toString", payload: { requestId: 9 } })).toBe(requests);
  });
});
