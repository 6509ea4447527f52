import { describe, expect, test } from "vitest";
import { systemIds } from "../../../../src/fleet/ids.ts";
import {
  failCharger,
  NotAcceptedYet,
  provisionCharger,
} from "../../../../src/fleet/provision/provision-charger.ts";
import { PrefetchedWork } from "../../../../src/fleet/provision/dispatch-slice.ts";
import type { ItemError, Ports, ProvisioningWork, StartOutcome } from "../../../../src/ports.ts";

const work: ProvisioningWork = {
  chargerId: "c1",
  jobId: "j1",
  organizationId: "o1",
  organizationSlug: "acme",
  identity: "CP-1",
  createdAt: new Date(5),
  ocppVersion: "OCPP2.0.1",
  numberOfConnectors: 2,
  maxChargingPower: 50_000,
  vendorName: "ABB",
  model: "Terra",
  wsUrl: null,
  runtime: "simulated",
  securityProfile: 2,
  simulatorHost: "j1/0",
  registrationStatus: "Accepted",
  desiredCount: 1,
  tagPolicy: { acceptsUnknown: true, readAtMs: 1 },
};

interface World {
  work?: ProvisioningWork | null;
  start?: StartOutcome;
  moved?: boolean;
  maybeLast?: boolean;
  gone?: boolean;
}

function world({
  work: found = work,
  start = { kind: "accepted" },
  moved = true,
  maybeLast = false,
  gone = false,
}: World) {
  const log: string[] = [];
  const note = <T>(text: string, value: T) => {
    log.push(text);
    return Promise.resolve(value);
  };
  const ports = {
    jobs: {
      work: () => Promise.resolve(found),
      succeed: () => note("ready", { moved, maybeLast }),
      fail: (_job: string, _id: string, error: ItemError) =>
        note(`failed ${error.code}`, { moved, maybeLast }),
      close: () => note("close", true),
      isReady: () => Promise.resolve(!gone),
    },
    sessions: {
      prepare: (_ref: unknown, input: { authorizationKey: string | null }) =>
        note(`prepare ${String(input.authorizationKey?.length)}`, undefined),
      retire: () => note("retire", undefined),
    },
    simulators: {
      start: (host: string, station: { version: string }) => note(`start ${host} ${station.version}`, start),
      remove: () => note("remove", undefined),
    },
    ids: systemIds,
    clock: { now: () => new Date() },
  } as unknown as Ports;
  return { log, ports };
}

describe("provisioning one charger", () => {
  test("a simulated charger is READY when its boot was accepted", async () => {
    const { log, ports } = world({});
    await provisionCharger(ports, new PrefetchedWork(), "j1", "c1");
    expect(log).toEqual(["start j1/0 ocpp2.0.1", "ready"]);
  });

  test("an external charger is READY with a session and a credential of its own", async () => {
    const { log, ports } = world({ work: { ...work, runtime: "external", simulatorHost: null } });
    await provisionCharger(ports, new PrefetchedWork(), "j1", "c1");
    expect(log).toEqual(["prepare 40", "ready"]);
  });

  test("an external charger set to Pending before it is provisioned gets Pending at its first boot", async () => {
    const external: ProvisioningWork = {
      ...work,
      runtime: "external",
      simulatorHost: null,
      registrationStatus: "Pending",
    };
    const { ports } = world({ work: external });
    let status: string | undefined;
    ports.sessions.prepare = async (_ref, input) => {
      status = input.registrationStatus;
    };
    await provisionCharger(ports, new PrefetchedWork(), "j1", "c1");
    expect(status).toBe("Pending");
  });

  test("the last charger closes the job after its own change", async () => {
    const { log, ports } = world({ maybeLast: true });
    await provisionCharger(ports, new PrefetchedWork(), "j1", "c1");
    expect(log).toEqual(["start j1/0 ocpp2.0.1", "ready", "close"]);
  });

  test("a repeat of a settled charger only closes the job", async () => {
    const { log, ports } = world({ work: null });
    await provisionCharger(ports, new PrefetchedWork(), "j1", "c1");
    expect(log).toEqual(["close"]);
  });

  test("a station that is not accepted yet is tried again, and its charger stays PENDING", async () => {
    const { log, ports } = world({ start: { kind: "waiting" } });
    await expect(provisionCharger(ports, new PrefetchedWork(), "j1", "c1")).rejects.toBeInstanceOf(
      NotAcceptedYet,
    );
    expect(log).toEqual(["start j1/0 ocpp2.0.1"]);
  });

  test("a failure reported by the host fails the charger and removes station, session and credential", async () => {
    const error = { code: "CSMS_UNREACHABLE", message: "m", retryable: true };
    const { log, ports } = world({ start: { kind: "failed", error } });
    await provisionCharger(ports, new PrefetchedWork(), "j1", "c1");
    expect(log).toEqual(["start j1/0 ocpp2.0.1", "remove", "retire", "failed CSMS_UNREACHABLE"]);
  });

  test("a charger deleted during provisioning keeps no station and no session", async () => {
    const { log, ports } = world({ moved: false, gone: true });
    await provisionCharger(ports, new PrefetchedWork(), "j1", "c1");
    expect(log).toEqual(["start j1/0 ocpp2.0.1", "ready", "remove", "retire"]);
  });
});

describe("rows that the dispatcher has read for charger runs", () => {
  test("are used once; a repeat, another job or a late run reads the row itself", async () => {
    const prefetched = new PrefetchedWork();
    const now = Date.now();
    prefetched.put([work], now);
    expect(prefetched.take("j2", "c1", now)).toBeNull();
    prefetched.put([work], now);
    expect(prefetched.take("j1", "c1", now)).toEqual(work);
    expect(prefetched.take("j1", "c1", now)).toBeNull();
    prefetched.put([work], now);
    expect(prefetched.take("j1", "c1", now + 60_001)).toBeNull();
  });

  test("start the station without another read", async () => {
    const { log, ports } = world({ work: null });
    const prefetched = new PrefetchedWork();
    prefetched.put([work], Date.now());
    await provisionCharger(ports, prefetched, "j1", "c1");
    expect(log).toEqual(["start j1/0 ocpp2.0.1", "ready"]);
  });
});

describe("a run that has used up its retries", () => {
  test("after an outage of Busbar leaves the charger PENDING for the sweeper", async () => {
    const { log, ports } = world({});
    await failCharger(ports, "j1", "c1", "outage");
    expect(log).toEqual([]);
  });

  test("fails with BOOT_TIMEOUT if no boot was accepted, and with INTERNAL otherwise", async () => {
    const one = world({});
    await failCharger(one.ports, "j1", "c1", "notAccepted");
    expect(one.log).toEqual(["remove", "retire", "failed BOOT_TIMEOUT"]);
    const two = world({ maybeLast: true });
    await failCharger(two.ports, "j1", "c1", "unexpected");
    expect(two.log).toEqual(["remove", "retire", "failed INTERNAL", "close"]);
  });
});
