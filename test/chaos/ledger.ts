import type { RepeatingStation } from "../harness/ocpp-station/repeating-station.ts";
import type { StationDesk } from "./station-desk.ts";

/** What a client knows of a write: it was taken, refused for its content, refused for our own trouble, or cut off. */
export type Verdict = "stored" | "refused" | "unavailable" | "unknown";

/** A write that makes something. Its marker appears in nothing else. */
export interface Creation {
  kind: "batch" | "charger" | "registration" | "location" | "apiKey" | "idTag";
  tenant: number;
  /** Prefix of the identities of a batch, else an identity or a name. */
  marker: string;
  /** How many rows it makes. */
  count: number;
  verdict: Verdict;
  /** Ids that the answers named; a repeat with the same key must name the same. */
  ids: string[];
  /** Statuses of all attempts, 0 for one that was cut. */
  attempts: number[];
}

/** A write of a value that appears nowhere else. The driver writes one thing at a time into one charger. */
export interface Change {
  subject:
    | "charger"
    | "location"
    | "settings"
    | "idTag"
    | "listMode"
    | "simulated fault"
    | "simulated car"
    | "simulated list";
  id: string;
  value: string;
  verdict: Verdict;
  /** Of what a simulated station does. */
  atMs?: number;
}

export interface Removal {
  subject: "charger" | "location" | "apiKey" | "idTag";
  id: string;
  verdict: Verdict;
}

/** A command with words that were sent once only, to one station. */
export interface Command {
  identity: string;
  marker: string;
  status: number;
  code: string | null;
  /** What the API says about whether the station got it. */
  sent: boolean | null;
  /** What the station's answer says, as the API told it. */
  answer: string | null;
  tookMs: number;
}

/** What the API says of a CALL: the station accepted, the station refused, it was never sent, or nobody knows. */
export type CallVerdict = "accepted" | "refused" | "unsent" | "unknown";

/** A request for a transaction with a tag: a remote start, or a session of a simulated car. */
export interface RequestedStart {
  identity: string;
  chargerId: string;
  tag: string;
  verdict: CallVerdict;
  /** Number that was promised, where the route tells it. */
  transactionId: number | null;
  status: number;
}

/** A remote stop of one transaction. */
export interface RequestedStop {
  identity: string;
  chargerId: string;
  transactionId: number;
  verdict: CallVerdict;
}

/** A reservation for a tag that nothing else has, and what the API said of each attempt to cancel it. */
export interface RequestedReservation {
  identity: string;
  chargerId: string;
  tag: string;
  id: string | null;
  verdict: CallVerdict;
  cancels: (CallVerdict | "cancelled" | "removed")[];
}

/** One look at a job. */
export interface Poll {
  jobId: string;
  status: string;
  total: number;
  created: number;
  failed: number;
  pending: number;
}

/** A look at what belongs to somebody else, or was answered in a way that no fault explains. */
export interface Oddity {
  invariant: string;
  what: string;
}

/** What a station remembers. */
export type StationLog = Pick<
  RepeatingStation,
  | "door"
  | "version"
  | "charges"
  | "calls"
  | "overlaps"
  | "errors"
  | "refused"
  | "statuses"
  | "openSockets"
  | "isConnected"
  | "isQuiet"
  | "isGone"
>;

/** A charger as the driver knows it. */
export interface KnownCharger {
  id: string;
  identity: string;
  tenant: number;
  runtime: "simulated" | "external";
  locationId: string | null;
  /** The last word about whether it shall run; simulated only. Unknown after a cut or failed request. */
  wantsRun: boolean | "unknown";
  removal: Verdict | null;
  isBusy: boolean;
  station: RepeatingStation | null;
  /** When it was last stopped, restarted or unlocked, epoch ms. */
  disturbedAtMs: number;
}

export interface KnownLocation {
  id: string;
  tenant: number;
  isBusy: boolean;
  removal: Verdict | null;
}

export type KnownTag = KnownLocation;

export interface KnownJob {
  tenant: number;
  statusUrl: string;
  locationId: string;
  runtime: KnownCharger["runtime"];
}

/** Everything the driver did and saw. */
export class Ledger {
  readonly creations: Creation[] = [];
  readonly changes: Change[] = [];
  readonly removals: Removal[] = [];
  readonly commands: Command[] = [];
  readonly starts: RequestedStart[] = [];
  readonly stops: RequestedStop[] = [];
  readonly reservations: RequestedReservation[] = [];
  readonly polls: Poll[] = [];
  readonly oddities: Oddity[] = [];
  readonly chargers = new Map<string, KnownCharger>();
  readonly locations = new Map<string, KnownLocation>();
  readonly tags = new Map<string, KnownTag>();
  readonly jobs = new Map<string, KnownJob>();
  /** Jobs whose failed chargers somebody asked to have tried again: these alone may leave their end. */
  readonly reopened = new Set<string>();
  readonly apiKeys = new Map<string, { tenant: number; key: string }>();
  readonly stations: RepeatingStation[] = [];
  /** By identity of the station. */
  readonly desks = new Map<string, StationDesk>();
  /** Times at which faults were on, epoch ms; null: it is on still. */
  readonly troubles: { fromMs: number; untilMs: number | null }[] = [];
  /** Times of accepted erasures of tags, by tenant. */
  readonly erasures: { tenant: number; atMs: number }[] = [];
  /** 503 answers that say that something may be stored. */
  maybes = 0;
  /** Answers by operation and status. */
  readonly counts: Record<string, Record<string, number>> = {};

  count(operation: string, status: number): void {
    const row = (this.counts[operation] ??= {});
    row[status] = (row[status] ?? 0) + 1;
  }

  odd(invariant: string, what: string): void {
    this.oddities.push({ invariant, what });
  }
}
