import { describe, expect, it } from "vitest";
import { handleStrictly } from "./handle-strictly.ts";
import { context } from "./station.ts";

const jobRequests = { firmware: [7], published_firmware: [8], diagnostics: [9, 10] };

function told(action: string, status: string, requestId?: number) {
  const payload = { status, ...(requestId !== undefined && { requestId }) };
  return handleStrictly(context("ocpp2.0.1", { jobRequests }), action, payload).events.length;
}

describe("the progress of a job", () => {
  it.each([
    ["FirmwareStatusNotification", "Downloading", 7],
    ["PublishFirmwareStatusNotification", "Downloading", 8],
    ["LogStatusNotification", "Uploading", 9],
    ["LogStatusNotification", "Uploading", 10],
  ])("%s %s is told for the request it is about, and not for an older one", (action, status, requestId) => {
    expect(told(action, status, requestId)).toBe(1);
    expect(told(action, status, 6)).toBe(0);
  });

  it("is reported when it names no request, or while no request of ours is known", () => {
    expect(told("FirmwareStatusNotification", "Downloading")).toBe(1);
    const payload = { status: "Downloading", requestId: 6 };
    const { events } = handleStrictly(context("ocpp2.1"), "FirmwareStatusNotification", payload);
    expect(events).toHaveLength(1);
  });

  it("of a 1.6 station is reported whatever request it names", () => {
    const ctx = context("ocpp1.6", { jobRequests });
    const payload = { status: "Downloading", requestId: 6 };
    expect(handleStrictly(ctx, "SignedFirmwareStatusNotification", payload).events).toHaveLength(1);
  });
});
