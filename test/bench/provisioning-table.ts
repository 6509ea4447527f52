import { CANDIDATES, benchModes } from "./bench-mode.ts";
import type { ProvisioningResults } from "./provisioning-results.ts";
import {
  baselineDrift,
  bodyBytes,
  chargersPerSecond,
  growth,
  rateRatio,
  sizesOf,
  wallMs,
} from "./provisioning-ratios.ts";
import { registrationRatio } from "./measure-registrations.ts";
import { spread, type Spread } from "./statistics.ts";

/** `isMet` is undefined for figures that are no goal. */
interface Line {
  what: string;
  measured: string;
  goal: string;
  isMet?: boolean;
}

const count = (value: number) => value.toLocaleString("en-US");
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
const ranged = ({ median, min, max }: Spread, decimals: number) =>
  `${median.toFixed(decimals)} (${min.toFixed(decimals)} to ${max.toFixed(decimals)})`;

/** The measurements as a markdown table, with what they were taken on and how to take them again. */
export function provisioningTable(results: ProvisioningResults): string {
  const { cpu, cores, memoryBytes, kernel } = results.machine;
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    ...acceptLines(results),
    ...rateLines(results),
    ...registrationLines(results),
    ...growthLines(results),
    ...memoryLines(results),
  ];
  return `\`${results.command}\`, ${results.startedAt.slice(0, 10)}, ${results.mode} mode.
${cores} cores of ${cpu}, ${gigabytes(memoryBytes)}, kernel ${kernel}; ${versions.join(", ")}.

| what | measured | goal | met |
| --- | --- | --- | --- |
${lines.map((line) => `| ${line.what} | ${line.measured} | ${line.goal} | ${verdict(line)} |`).join("\n")}
`;
}

function verdict({ isMet }: Line): string {
  if (isMet === undefined) return "";
  return isMet ? "yes" : "**no**";
}

const gatesOf = (results: ProvisioningResults) => benchModes[results.mode].gates;

function acceptLines(results: ProvisioningResults): Line[] {
  const { accepts, rounds } = results;
  const sizes = [...new Set(accepts.map(({ chargers }) => chargers))];
  return sizes.flatMap((chargers) => {
    const stalled = accepts.filter((accept) => accept.chargers === chargers);
    const live = rounds
      .flatMap((round) => [round.external, round.simulated])
      .filter((run) => run.chargers === chargers);
    const slowest = (of: { acceptMs: number }[]) => Math.max(...of.map(({ acceptMs }) => acceptMs));
    const bound = gatesOf(results).acceptMs(chargers);
    const isExact = stalled.every((accept) => accept.sqlRequests === 1 && accept.engineRequests === 1);
    const most = (of: (accept: (typeof stalled)[number]) => number) => Math.max(...stalled.map(of));
    return [
      {
        what: `202 for ${count(chargers)} chargers, slowest of ${stalled.length} with a stalled engine, of ${live.length} with a live one`,
        measured: `${seconds(slowest(stalled))}, ${seconds(slowest(live))}`,
        goal: `< ${seconds(bound)}`,
        isMet: slowest([...stalled, ...live]) < bound,
      },
      {
        what: `requests of such an accept: SQL, publish, Redis (rate limiter)`,
        measured: `${most((one) => one.sqlRequests)}, ${most((one) => one.publishes)}, ${most((one) => one.redisRequests)}`,
        goal: "1, 1, at most 1",
        isMet: isExact && stalled.every((accept) => accept.redisRequests <= 1),
      },
    ];
  });
}

function rateLines(results: ProvisioningResults): Line[] {
  const { rounds } = results;
  const { judged } = benchModes[results.mode];
  const { ratioMin } = gatesOf(results);
  return sizesOf(rounds).flatMap((chargers) => {
    const drift = `${(baselineDrift(rounds, chargers) * 100).toFixed(0)} %`;
    return [
      ...CANDIDATES.map((candidate) => {
        const ratio = rateRatio(rounds, chargers, candidate);
        return {
          what: `${count(chargers)} ${candidate}: chargers/s from POST to the last READY, over empty steps`,
          measured: `${ranged(ratio, 2)}; ${ranged(chargersPerSecond(rounds, chargers, candidate), 0)}/s`,
          goal: `≥ ${ratioMin[candidate]}`,
          isMet: ratio[judged] >= ratioMin[candidate],
        };
      }),
      {
        what: `${count(chargers)} empty steps, the baseline`,
        measured: `${ranged(chargersPerSecond(rounds, chargers, "baseline"), 0)}/s; drift ${drift}`,
        goal: "",
      },
    ];
  });
}

function registrationLines(results: ProvisioningResults): Line[] {
  const { registrationRatioMin } = gatesOf(results);
  return (results.registrations ?? []).map((measured) => {
    const { chargers, lanes, registerMs, batchMs } = measured;
    const rate = (ms: number) => `${((chargers * 1000) / ms).toFixed(0)}/s`;
    const ratio = registrationRatio(measured);
    return {
      what: `${count(chargers)} registered one by one over ${lanes} lanes, over as many external ones of a batch`,
      measured: `${ratio.toFixed(2)}; ${rate(registerMs)}, ${rate(batchMs)}`,
      goal: `≥ ${registrationRatioMin}`,
      isMet: ratio >= registrationRatioMin,
    };
  });
}

function growthLines(results: ProvisioningResults): Line[] {
  const { rounds } = results;
  const sizes = sizesOf(rounds);
  const { growthMax } = gatesOf(results);
  return CANDIDATES.flatMap((candidate) => {
    const costs = [growth(rounds, candidate, wallMs), growth(rounds, candidate, bodyBytes)];
    const runs = rounds.map((round) => round[candidate]);
    const bytes = spread(runs.map((run) => run.deliveredBodyBytes / run.chargers));
    const deliveries = spread(runs.map((run) => run.deliveries / run.chargers));
    const line = {
      what: `${candidate}: deliveries and delivered body bytes of a charger`,
      measured: `${ranged(deliveries, 3)}; ${ranged(bytes, 0)} B`,
      goal: "",
    };
    const [time, body] = costs;
    if (time === undefined || body === undefined) return [line];
    return [
      {
        what: `${candidate}: time and bytes of a charger at ${count(sizes.at(-1) ?? 0)} over those at ${count(sizes[0] ?? 0)}`,
        measured: `${time.toFixed(2)}, ${body.toFixed(2)}`,
        goal: `≤ ${growthMax}`,
        isMet: Math.max(time, body) <= growthMax,
      },
      line,
    ];
  });
}

/** Half of what it was when the goal was set, 0.47 MiB. */
const ADDED_KIBIBYTES_MAX = 240;

function memoryLines(results: ProvisioningResults): Line[] {
  const { residentBytes, hibernationMs } = gatesOf(results);
  return results.memory.flatMap(({ chargers, peakBytes, idleBytes, addedBytes, descriptors }) => [
    {
      what: `resident memory of all processes, ${count(chargers)} connected simulated chargers: peak, idle`,
      measured: `${gigabytes(peakBytes)}, ${gigabytes(idleBytes)}`,
      goal: `< ${gigabytes(residentBytes(chargers))}`,
      isMet: peakBytes < residentBytes(chargers),
    },
    ...(addedBytes === undefined
      ? []
      : [
          {
            what: `of them that each of ${count(chargers)} chargers adds, three seconds after the last connected`,
            measured: `${Math.round(addedBytes / 1024)} KiB`,
            goal: `≤ ${ADDED_KIBIBYTES_MAX} KiB`,
            isMet: addedBytes <= ADDED_KIBIBYTES_MAX * 1024,
          },
        ]),
    ...(descriptors === null
      ? []
      : [
          {
            what: `open session databases of ${count(chargers)} idle chargers: files at most, asleep`,
            measured:
              `${count(descriptors.peak)}, ${count(descriptors.idle)}` +
              (descriptors.idleAfterMs === null ? "" : ` after ${seconds(descriptors.idleAfterMs)}`),
            goal: `under half within ${seconds(hibernationMs)}`,
            isMet: descriptors.idleAfterMs !== null,
          },
        ]),
  ]);
}
