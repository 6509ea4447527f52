import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ensureOrganization, type KeyRole } from "../../dev/bootstrap/bootstrap.ts";
import { signToken } from "../../dev/bootstrap/sign-token.ts";
import { systemIds, ulidOf } from "../../src/fleet/ids.ts";
import { call, createLocation, postBatch } from "../harness/fleet.ts";
import type { ApiOperation } from "../harness/openapi/document.ts";
import { waitFor } from "../harness/wait-for.ts";
import { openSql } from "../harness/sql.ts";
import { world } from "./world.ts";

/** One organisation with its credentials. */
export interface Tenant {
  organization: string;
  /** API keys by role. */
  owner: string;
  viewer: string;
  /** JWTs by role. */
  ownerToken: string;
  viewerToken: string;
}

/** One of everything an organisation can own. */
export interface Belongings {
  locationId: string;
  /** Simulated, READY. */
  chargerId: string;
  identity: string;
  jobId: string;
  /** Registered over `/api/v1`, never connected. */
  externalIdentity: string;
  /** Of a key that nobody uses. */
  keyId: string;
  /** An active id tag of every charger. */
  idTagId: string;
  /** Of an import. */
  tagJobId: string;
  /** `txn_` id of a completed transaction, number 4711. */
  transactionId: string;
  /** `rsv_` id of a cancelled reservation of `identity`. */
  reservation: string;
  /** Of a webhook that nobody listens at. */
  webhookId: string;
}

const secrets = z.object({ JWT_SECRET: z.string() });

/** A fresh organisation of the shared stack. */
export async function newTenant(name: string): Promise<Tenant> {
  const query = openSql(world.sqlUrl);
  const slug = `${name}-${Math.random().toString(36).slice(2, 10)}`;
  const secretsFile = join(world.dataDirectory, "secrets.json");
  const { JWT_SECRET: secret } = secrets.parse(JSON.parse(readFileSync(secretsFile, "utf8")));
  const now = new Date();
  const key = (role: KeyRole) => ensureOrganization({ query, name, slug, role, now });
  const { organization, api_key: owner } = await key("owner");
  const { api_key: viewer } = await key("viewer");
  const token = (role: KeyRole) =>
    signToken({ secret, issuer: world.url, audience: "busbar", role, organization, now });
  return {
    organization,
    owner,
    viewer,
    ownerToken: await token("owner"),
    viewerToken: await token("viewer"),
  };
}

/** Gives an organisation one of everything. */
export async function furnish(
  { organization, owner, ownerToken }: Tenant,
  version: "OCPP1.6" | "OCPP2.0.1" | "OCPP2.1" = "OCPP1.6",
): Promise<Belongings> {
  const access = { url: world.url, apiKey: owner };
  const locationId = await createLocation(access);
  const batch = await postBatch(access, { chargers: 1, locationId, version });
  const charger = (await batch.finished()).results?.created[0];
  if (!charger) throw new Error("the charger of the lane was not provisioned");
  const externalIdentity = `EXTERNAL-${batch.jobId.slice(-8)}`;
  const registered = await call(access, "POST", "/api/v1/chargers", { chargeBoxId: externalIdentity });
  if (registered.status !== 201) throw new Error(`registration: ${JSON.stringify(registered)}`);
  const authorization = `Bearer ${ownerToken}`;
  const spare = { name: "spare" };
  const made = await call(access, "POST", "/api/v1/auth/api-keys", spare, { authorization });
  const keyId = z.object({ id: z.string() }).parse(made.body).id;
  const tag = await call(access, "POST", "/api/v1/id-tags", { idTag: `T-${batch.jobId.slice(-12)}` });
  const idTagId = z.object({ id: z.string() }).parse(tag.body).id;
  const tags = { idTags: [{ idTag: `I-${batch.jobId.slice(-12)}` }] };
  const imported = await call(access, "POST", "/api/v1/id-tags/import", tags);
  const tagJobId = z.object({ jobId: z.string() }).parse(imported.body).jobId;
  await waitFor("an import", async () => {
    const { body } = await call(access, "GET", `/api/v1/id-tag-jobs/${tagJobId}`);
    return (body as { status: string }).status === "done";
  });
  const transactionId = `txn_${randomUUID()}`;
  await openSql(world.sqlUrl)(
    `INSERT INTO transactions (id, organization_id, transaction_id, charger_id, evse_id, connector_id, status, started_at,
      stopped_at, revision, updated_at)
    VALUES ($1, $2::uuid, 4711, $3::uuid, 1, 1, 'completed', now() - interval '1 hour', now(), 1, now()) RETURNING id`,
    [transactionId, organization, charger.id],
  );
  const reservation = `rsv_${ulidOf(systemIds.uuid())}`;
  await openSql(world.sqlUrl)(
    `INSERT INTO reservations (id, organization_id, charger_id, reservation_id, evse_id, id_tag, status, expires_at, created_at,
      updated_at, revision)
    VALUES ($1, $2::uuid, $3::uuid, 815, 1, 'TAG', 'cancelled', now(), now(), now(), 2) RETURNING id`,
    [reservation, organization, charger.id],
  );
  const hook = { url: "http://127.0.0.1:1/hook", events: ["webhook.disabled"] };
  const hooked = await call(access, "POST", "/api/v1/webhooks", hook);
  const webhookId = z.object({ id: z.string() }).parse(hooked.body).id;
  return {
    locationId,
    chargerId: charger.id,
    identity: charger.identity,
    jobId: batch.jobId,
    externalIdentity,
    keyId,
    idTagId,
    tagJobId,
    transactionId,
    reservation,
    webhookId,
  };
}

export type Credential = "owner" | "viewer" | "none" | "wrong";

/** The headers that show a credential in the way an operation asks for it. */
export function credential(
  operation: Pick<ApiOperation, "path" | "scheme">,
  tenant: Tenant,
  kind: Credential = "owner",
): Record<string, string> {
  if (kind === "none") return {};
  const shown = kind === "wrong" ? corrupted(tenant.owner) : valueOf(operation, tenant, kind);
  return operation.scheme === "ApiKey" ? { "X-API-Key": shown } : { Authorization: `Bearer ${shown}` };
}

/** Keys are managed with a user's token only. */
function valueOf({ path }: Pick<ApiOperation, "path">, tenant: Tenant, kind: "owner" | "viewer"): string {
  return path.startsWith("/api/v1/auth/") ? tenant[`${kind}Token`] : tenant[kind];
}

function corrupted(key: string): string {
  return key.slice(0, -1) + (key.endsWith("x") ? "y" : "x");
}
