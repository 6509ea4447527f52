import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";
import type { Page, Paged } from "./paging.ts";

/** A site with chargers. `fuseLimitA` is the current limit of its main fuse, in A. */
export interface Location {
  id: string;
  slug: string;
  name: string;
  address: string | null;
  city: string | null;
  country: string | null;
  coordinates: { latitude: number; longitude: number } | null;
  timezone: string | null;
  ownerName: string | null;
  fuseLimitA: number | null;
  public: boolean;
  status: string;
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A location to be created. */
export type NewLocation = Omit<Location, "status" | "revision" | "createdAt" | "updatedAt">;

/** Storage of locations. */
export interface LocationStore {
  /**
   * Stores a location. `record` makes the answer that a repeat with the same claim gets. @throws Conflict: the slug
   * exists. IdempotencyMismatch, IdempotencyInFlight
   */
  create(
    organizationId: string,
    location: NewLocation,
    now: Date,
    claim: IdempotencyClaim | null,
    record: (location: Location) => RecordedResponse,
  ): Promise<Claimed<Location>>;
  /** Null: no such location. */
  get(organizationId: string, id: string): Promise<Location | null>;
  /** One page, oldest first, and the total number. */
  list(organizationId: string, page: Page): Promise<Paged<Location>>;
  /** Absent fields stay unchanged. Null: no such location. @throws Conflict: the slug exists */
  update(organizationId: string, id: string, changes: LocationChanges, now: Date): Promise<Location | null>;
  /**
   * Deletes a location without chargers. "unknown": no such location. `inUse`: the number of its chargers; nothing
   * was deleted.
   */
  remove(organizationId: string, id: string): Promise<"removed" | "unknown" | { inUse: number }>;
}

/** Fields of a location to change. Absent: unchanged. */
export type LocationChanges = Partial<Omit<NewLocation, "id">>;
