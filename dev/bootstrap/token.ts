import { join } from "node:path";
import { z } from "zod";
import { ROLES } from "../../src/ports.ts";
import type { Role } from "../../src/ports.ts";
import { readLivingStack } from "../stack/data-directory.ts";
import { parseFlags } from "../stack/flags.ts";
import type { Flags } from "../stack/flags.ts";
import { readJson } from "../stack/write-json.ts";
import { dataLocation } from "./data-location.ts";
import { queryDatabase } from "./query-database.ts";
import { signToken } from "./sign-token.ts";

const USAGE = `Usage: npm run token -- [--role ROLE] [--organization SLUG] [--data DIR]

Prints a JWT of one hour, signed with JWT_SECRET or the secret of the local stack.

  --role ROLE          ${ROLES.join(", ")} (default owner); admin belongs to no organisation
  --organization SLUG  the organisation it acts in (default: the stack's first one)
  --data DIR           data directory of the local stack (default $BUSBAR_DATA_DIR, else .local)
`;

const storedSecrets = z.object({
  JWT_SECRET: z.string().optional(),
  organization: z.object({ organization: z.string(), organization_slug: z.string() }).optional(),
});
type StoredSecrets = z.infer<typeof storedSecrets>;

async function main(): Promise<void> {
  const flags = parseFlags(
    { role: { type: "string" }, organization: { type: "string" }, data: { type: "string" } },
    USAGE,
  );
  const role = ROLES.find((known) => known === (flags.text("role") ?? "owner"));
  if (role === undefined) throw new Error(`--role takes one of ${ROLES.join(", ")}.`);
  const directory = dataLocation(process.env, flags.text("data"));
  const stored = storedSecrets.parse(readJson(join(directory, "secrets.json")) ?? {});
  const secret = process.env["JWT_SECRET"] || stored.JWT_SECRET;
  if (!secret) throw new Error(`No JWT_SECRET: set it, or start a stack on ${directory} first.`);
  const token = await signToken({
    secret,
    issuer: issuerOf(directory),
    audience: process.env["JWT_AUDIENCE"] || "busbar",
    role,
    organization: await organizationOf(role, flags, stored),
    now: new Date(),
  });
  process.stdout.write(`${token}\n`);
}

function issuerOf(directory: string): string {
  const issuer =
    process.env["JWT_ISSUER"] || process.env["PUBLIC_BASE_URL"] || readLivingStack(directory)?.url;
  if (!issuer) throw new Error(`No stack runs on ${directory}: start it, or set PUBLIC_BASE_URL.`);
  return issuer.replace(/\/+$/, "");
}

async function organizationOf(
  role: Role,
  flags: Flags,
  { organization }: StoredSecrets,
): Promise<string | null> {
  if (role === "admin") return null;
  const slug = flags.text("organization");
  if (organization && (slug === undefined || slug === organization.organization_slug))
    return organization.organization;
  if (slug === undefined) throw new Error("--organization is missing.");
  const query = queryDatabase(process.env, flags.text("data"));
  const [row] = await query("SELECT id FROM organizations WHERE slug = $1", [slug]);
  const id = row?.["id"];
  if (typeof id !== "string") throw new Error(`There is no organisation "${slug}".`);
  return id;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
