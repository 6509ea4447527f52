import { NotFound } from "../errors.ts";
import type {
  Background,
  Claimed,
  IdempotencyClaim,
  IdTag,
  IdTagChanges,
  NewIdTag,
  Ports,
  RecordedResponse,
} from "../ports.ts";
import { tellRegistry } from "./tell-registry.ts";

type Needs = Pick<Ports, "idTags" | "tagRegistry" | "tagRegistries" | "runs" | "ids" | "clock">;

/** Who changes a tag, and where work goes that continues after the answer. */
export interface TagChange {
  organizationId: string;
  background: Background;
}

/** Stores a tag and tells the registry. @throws Conflict, IdempotencyMismatch, IdempotencyInFlight, Unavailable */
export async function createTag(
  ports: Needs,
  { organizationId, background }: TagChange,
  tag: NewIdTag,
  claim: IdempotencyClaim | null,
  { record, now }: { record: RecordedResponse; now: Date },
): Promise<Claimed<IdTag>> {
  const stored = await ports.idTags.create(organizationId, tag, ports.ids.uuid(), claim, record, now);
  if (stored.kind === "replayed") return stored;
  await tellRegistry(ports, stored.value, background);
  return { kind: "done", value: stored.value.tag };
}

/** Changes a tag and tells the registry. @throws NotFound, Unavailable */
export async function changeTag(
  ports: Needs,
  { organizationId, background }: TagChange,
  id: string,
  changes: IdTagChanges,
): Promise<IdTag> {
  const now = ports.clock.now();
  const stored = await ports.idTags.change(organizationId, id, changes, ports.ids.uuid(), now);
  if (!stored) throw new NotFound("Id Tag", id);
  await tellRegistry(ports, stored, background);
  return stored.tag;
}

/** Deletes a tag and tells the registry. @throws NotFound, Unavailable */
export async function removeTag(
  ports: Needs,
  { organizationId, background }: TagChange,
  id: string,
): Promise<void> {
  const stored = await ports.idTags.remove(organizationId, id, ports.ids.uuid(), ports.clock.now());
  if (!stored) throw new NotFound("Id Tag", id);
  await tellRegistry(ports, stored, background);
}
