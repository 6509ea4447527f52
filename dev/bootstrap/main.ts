import { slugOf } from "../../src/fleet/slugs.ts";
import { parseFlags } from "../stack/flags.ts";
import { type Bootstrapped, ensureOrganization, KEY_ROLES } from "./bootstrap.ts";
import { queryDatabase } from "./query-database.ts";

const USAGE = `Usage: npm run bootstrap -- --organization NAME [--slug SLUG] [--role ROLE] [--json] [--data DIR]

Adds an API key to an organisation, which is created when its slug is new, and prints the key once.

  --organization NAME  name of the organisation
  --slug SLUG          its place in URLs (default: made from the name)
  --role ROLE          ${KEY_ROLES.join(", ")} (default owner)
  --json               print one line {organization, organization_slug, api_key, key_id}
  --data DIR           use the database of the stack that runs on this directory
                       (default: DATABASE_URL if set, else $BUSBAR_DATA_DIR, else .local)
`;

async function main(): Promise<void> {
  const flags = parseFlags(
    {
      organization: { type: "string" },
      slug: { type: "string" },
      role: { type: "string" },
      json: { type: "boolean" },
      data: { type: "string" },
    },
    USAGE,
  );
  const name = flags.text("organization");
  if (name === undefined || name.trim() === "") throw new Error(`--organization is missing.\n\n${USAGE}`);
  const role = KEY_ROLES.find((known) => known === (flags.text("role") ?? "owner"));
  if (role === undefined) throw new Error(`--role takes one of ${KEY_ROLES.join(", ")}.`);
  const query = queryDatabase(process.env, flags.text("data"));
  const slug = flags.text("slug") ?? slugOf(name);
  const made = await ensureOrganization({ query, name, slug, role, now: new Date() });
  process.stdout.write(flags.boolean("json") ? `${JSON.stringify(made)}\n` : described(made));
}

function described(made: Bootstrapped): string {
  return `Organisation  ${made.organization_slug} (${made.organization})
API key       ${made.api_key}

The key is shown once; only its digest is stored.
`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
