import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";
import type { Page, Paged } from "./paging.ts";

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

export type NewLocation = Omit<Location, "status" | "revision" | "createdAt" | "updatedAt">;

export interface LocationStore {
  /** @throws Conflict when the slug exists. `record` is what a repeat of the claimed request is answered. */
  create(
    organizationId: string,
    location: NewLocation,
    now: Date,
    claim: IdempotencyClaim | null,
    record: (location: Location) => RecordedResponse,
  ): Promise<Claimed<Location>>;
  get(organizationId: string, id: string): Promise<Location | null>;
  list(organizationId: string, page: Page): Promise<Paged<Location>>;
  /** Absent fields stay. Null when there is no such location. @throws Conflict when the slug exists. */
  update(organizationId: string, id: string, changes: LocationChanges, now: Date): Promise<Location | null>;
  /** "inUse" with the number of chargers that are left. */
  remove(organizationId: string, id: string): Promise<"removed" | "unknown" | { inUse: number }>;
}

export type LocationChanges = Partial<Omit<NewLocation, "id">>;
