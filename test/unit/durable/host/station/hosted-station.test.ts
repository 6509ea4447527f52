import { describe, expect, test } from "vitest";
import type { DialOutcome, HostFacts } from "../../../../../src/durable/host/dial/dial-outcome.ts";
import {
  HostedStation,
  type HostServices,
  type LineFacts,
} from "../../../../../src/durable/host/station/hosted-station.ts";
import { ProvisioningVerdict } from "../../../../../src/durable/host/station/provisioning-verdict.ts";
import { newRow, type StationRow } from "../../../../../src/durable/host/station/station-row.ts";
import type { SimulatedStation } from "../../../../../src/ports.ts";

const station: SimulatedStation = {
  chargerId: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10",
  organizationId: "o",
  organizationSlug: "demo",
  identity: "CP-1",
  createdAtMs: 0,
  version: "ocpp1.6",
  connectors: 1,
  vendor: "V",
  model: "M",
  maxPowerW: 11_000,
  wsUrl: "wss://csms.example.com/ocpp",
  securityProfile: 2,
};

/** The far end of a socket, as much of it as a station touches. */
class Line extends EventTarget {
  readonly sent: string[] = [];
  closed: { code: number; reason: string } | null = null;

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  receive(frame: unknown): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }

  answer(payload: object): void {
    const [, id] = JSON.parse(this.sent.at(-1) ?? "[]") as [number, string];
    this.receive([3, id, payload]);
  }
}

/** Timers fire when the test says so; every dial takes the next outcome. */
class FakeHost implements HostServices {
  readonly timers = new Map<string, () => void>();
  readonly setAtMs = new Map<string, number>();
  readonly saved: StationRow[] = [];
  readonly events: string[] = [];
  readonly news: Array<LineFacts | null> = [];
  readonly offers: boolean[] = [];
  dials: Array<Exclude<DialOutcome["kind"], "open"> | Line> = [];
  sealing = Promise.withResolvers<void>();
  slotMs = 0;
  retryAfterMs = 0;
  left: HostFacts | null = null;

  setTimer(name: string, atMs: number, run: () => void): void {
    this.setAtMs.set(name, atMs);
    this.timers.set(name, run);
  }
  clearTimer(name: string): void {
    this.timers.delete(name);
  }
  save(row: StationRow): void {
    this.saved.push(structuredClone(row));
    this.events.push("save");
  }
  saveSoon(row: StationRow, news: LineFacts | null, saved: () => void): void {
    this.save(row);
    this.news.push(news);
    saved();
  }
  connectSlotMs(): number {
    return this.slotMs;
  }
  connectGateMs(): number {
    return 0;
  }
  async connect(_row: StationRow, offers: boolean): Promise<DialOutcome> {
    this.offers.push(offers);
    const next = this.dials.shift() ?? "unreachable";
    if (typeof next === "string") return { kind: next, message: next, retryAfterMs: this.retryAfterMs };
    return { kind: "open", socket: next as unknown as WebSocket, lineFacts: this.left };
  }
  async seal(key: string): Promise<string> {
    await this.sealing.promise;
    return `sealed ${key}`;
  }

  gone(): void {
    this.events.push("gone");
  }

  commandUnused(commandId: string, reason: string): void {
    this.events.push(`${commandId} ${reason}`);
  }

  note(direction: string, message: string): void {
    this.events.push(`${direction} ${message}`);
  }

  async fire(name: string): Promise<void> {
    const run = this.timers.get(name);
    if (!run) throw new Error(`timer ${name} is not set`);
    this.timers.delete(name);
    run();
    await settled();
  }
}

/** Lets everything that is already decided happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function started(dials: FakeHost["dials"], isOwnSocket = false, host = new FakeHost()) {
  host.dials = dials;
  const row = newRow(station);
  const hosted = new HostedStation(row, host, isOwnSocket);
  hosted.switchOn();
  await settled();
  return { host, hosted, row };
}

describe("the boot deadline", () => {
  test.each([
    ["nobody answers", [], null, "CSMS_UNREACHABLE"],
    ["the boot is never answered", [new Line()], null, "BOOT_TIMEOUT"],
    ["the boot stays pending", [new Line()], { status: "Pending", interval: 60 }, "BOOT_TIMEOUT"],
    ["the boot is rejected", [new Line()], { status: "Rejected", interval: 60 }, "BOOT_REJECTED"],
  ] as const)("ends provisioning when %s", async (_what, dials, answer, code) => {
    const { host, hosted, row } = await started([...dials]);
    if (answer) dials[0]?.answer(answer);
    const outcome = hosted.outcome(10_000);
    await host.fire("deadline");
    await expect(outcome).resolves.toMatchObject({ kind: "failed", error: { code } });
    expect(row).toMatchObject({ verdict: { code }, isDesired: false, sealedKey: null });
    expect([...host.timers.keys()]).toEqual([]);
  });

  test("the error names the attempts and the time without an answer, in the row and to the caller", async () => {
    const { host, hosted, row } = await started([]);
    await host.fire("dial");
    await host.fire("dial");
    const outcome = hosted.outcome(10_000);
    await host.fire("deadline");
    const message = expect.stringMatching(/ after 3 attempts in \d+ s$/);
    await expect(outcome).resolves.toMatchObject({ error: { code: "CSMS_UNREACHABLE", message } });
    expect(row.verdict).toMatchObject({ code: "CSMS_UNREACHABLE", message });
  });

  test("counts attempts and time from the first dial since the last one that got through", () => {
    const verdict = new ProvisioningVerdict(false);
    const silence = {
      kind: "unreachable",
      message: "The CSMS did not answer the WebSocket upgrade",
    } as const;
    const open = { kind: "open", socket: new Line() as unknown as WebSocket, lineFacts: null } as const;
    const said = (nowMs: number) => verdict.atDeadline(nowMs)?.message;
    verdict.dialed(silence, 1000);
    expect(said(11_000)).toBe(`${silence.message} after 1 attempt in 10 s`);
    for (const atMs of [13_000, 30_000, 60_000]) verdict.dialed(silence, atMs);
    expect(said(91_000)).toBe(`${silence.message} after 4 attempts in 90 s`);
    verdict.dialed(open, 92_000);
    expect(verdict.atDeadline(93_000)?.code).toBe("BOOT_TIMEOUT");
    verdict.dialed(silence, 94_000);
    expect(said(95_000)).toBe(`${silence.message} after 1 attempt in 1 s`);
  });

  test("does not fail a station for an outage of our own socket", async () => {
    const { host, hosted, row } = await started([], true);
    await host.fire("deadline");
    expect(row.verdict).toBeNull();
    const line = new Line();
    host.dials = [line];
    await host.fire("dial");
    line.answer({ status: "Accepted", interval: 300 });
    await expect(hosted.outcome(0)).resolves.toEqual({ kind: "accepted" });
  });

  test("never fails a station that was accepted once", async () => {
    const line = new Line();
    const { host, row } = await started([line, "refused", "forbidden"]);
    line.answer({ status: "Accepted", interval: 300 });
    line.dispatchEvent(Object.assign(new Event("close"), { code: 4004 }));
    await host.fire("dial");
    await host.fire("dial");
    expect(row.verdict).toBeNull();
    expect(host.timers.has("deadline")).toBe(false);
    expect(host.timers.has("dial")).toBe(true);
  });
});

test("a new key is stored before the station confirms it, and inputs wait meanwhile", async () => {
  const line = new Line();
  const { host, row } = await started([line]);
  line.answer({ status: "Accepted", interval: 300 });
  const before = line.sent.length;
  const key = "00112233445566778899aabbccddeeff00112233";
  line.receive([2, "rotate", "ChangeConfiguration", { key: "AuthorizationKey", value: key }]);
  line.receive([2, "next", "ClearCache", {}]);
  await settled();
  expect(line.sent).toHaveLength(before);
  host.sealing.resolve();
  await settled();
  expect(row.sealedKey).toBe(`sealed ${key}`);
  expect(host.saved.at(-1)?.sealedKey).toBe(`sealed ${key}`);
  const ids = line.sent.slice(before).map((text) => (JSON.parse(text) as [number, string])[1]);
  expect(ids).toEqual(["rotate", "next"]);
});

test("a station that is switched off while it dials hangs up on the line it gets", async () => {
  const host = new FakeHost();
  const line = new Line();
  host.dials = [line];
  const hosted = new HostedStation(newRow(station), host, false);
  hosted.switchOn();
  hosted.switchOff();
  await settled();
  expect(line.closed).toEqual({ code: 1000, reason: "not wanted" });
  expect(line.sent).toEqual([]);
});

test("a station whose charger was deleted tells its host and does not dial again; a 4004 of another central system has no effect", async () => {
  const line = new Line();
  const own = await started([line], true);
  line.dispatchEvent(Object.assign(new Event("close"), { code: 4004 }));
  await settled();
  expect(own.host.events).toContain("gone");
  expect(own.host.timers.has("connect")).toBe(false);
  const foreignLine = new Line();
  const foreign = await started([foreignLine]);
  foreign.row.isReady = true;
  foreignLine.dispatchEvent(Object.assign(new Event("close"), { code: 4004 }));
  await settled();
  expect(foreign.host.events).not.toContain("gone");
});

test("a station waits for its slot before it dials", async () => {
  const host = new FakeHost();
  host.slotMs = Date.now() + 60_000;
  host.dials = [new Line()];
  new HostedStation(newRow(station), host, false).switchOn();
  await settled();
  expect(host.dials).toHaveLength(1);
  await host.fire("connect");
  expect(host.dials).toHaveLength(0);
});

test("frames and closes of a replaced line change nothing", async () => {
  const old = new Line();
  const { host, hosted } = await started([old, new Line()]);
  old.answer({ status: "Accepted", interval: 300 });
  old.dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
  await host.fire("dial");
  const sent = old.sent.length;
  old.receive([2, "late", "ClearCache", {}]);
  old.dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
  expect(old.sent).toHaveLength(sent);
  expect(hosted.isOnline).toBe(true);
});

describe("a line to a session of ours", () => {
  test("gives its first facts to the host with the accepted boot, and only once", async () => {
    const [first, second] = [new Line(), new Line()];
    const { host } = await started([], true);
    host.dials = [first, second];
    host.left = { generation: 3, facts: [] };
    await host.fire("dial");
    expect(host.news).toEqual([]);
    first.answer({ status: "Accepted", interval: 300, currentTime: "2026-01-01T00:00:00Z" });
    expect(host.news).toMatchObject([{ generation: 3 }]);
    host.left = null;
    first.dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
    await host.fire("dial");
    expect(second.sent).not.toEqual([]);
    expect(host.news).toHaveLength(1);
  });

  test("whose session forgot the station is offered again at once, and boots; a second refusal waits", async () => {
    const [first, second] = [new Line(), new Line()];
    const { host } = await started([first], true);
    first.answer({ status: "Accepted", interval: 300, currentTime: "2026-01-01T00:00:00Z" });
    expect(host.offers).toEqual([true]);
    host.dials = ["unknown", "unknown"];
    first.dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
    await host.fire("dial");
    expect(host.offers).toEqual([true, false, true]);
    host.dials = [second];
    await host.fire("dial");
    expect(host.offers).toEqual([true, false, true, true]);
    expect(second.sent.map((text) => JSON.parse(text)[2])).toEqual(["BootNotification"]);
  });
});

test("the next dial waits for as long as the central system asked", async () => {
  const host = new FakeHost();
  host.retryAfterMs = 60_000;
  const beganAtMs = Date.now();
  await started(["unreachable"], false, host);
  expect(host.setAtMs.get("dial")).toBeGreaterThanOrEqual(beganAtMs + 60_000);
});
