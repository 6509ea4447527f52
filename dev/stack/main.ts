import { parseFlags } from "./flags.ts";
import { startStack, type Stack } from "./start-stack.ts";
import { lastWords } from "./stack-error.ts";
import { stopRequest } from "./stop-request.ts";

const USAGE = `Usage: npm start -- [--port N] [--data DIR] [--json]

  --port N    port of the API (default $BUSBAR_PORT, else 8787; 0 takes a free one)
  --data DIR  where everything is kept (default $BUSBAR_DATA_DIR, else .local)
  --json      print one line {url, organization, organization_slug, api_key} when ready
  --reload    run the Worker under wrangler dev (this is npm run dev)
`;

const say = (text: string) => process.stderr.write(`${text}\n`);

function greeting({ url, organization }: Stack): string {
  return `
Busbar is ready.

  API            ${url}
  API reference  ${url}/docs
  Organisation   ${organization.organization_slug} (${organization.organization})

For another terminal, URL and API key:

  export URL=${url} KEY=${organization.api_key}
  curl -H "Authorization: Bearer $KEY" "$URL/ocpp/locations"

Ctrl-C stops it.
`;
}

function asJson({ url, organization: { organization, organization_slug, api_key } }: Stack): string {
  return `${JSON.stringify({ url, organization, organization_slug, api_key })}\n`;
}

async function main(): Promise<void> {
  const flags = parseFlags(
    {
      port: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean" },
      reload: { type: "boolean" },
    },
    USAGE,
  );
  const reload = flags.boolean("reload");
  const { stopped, signal } = stopRequest();
  const stack = await startStack({
    dataDirectory: flags.text("data") ?? process.env.BUSBAR_DATA_DIR ?? (reload ? ".local/dev" : ".local"),
    port: flags.integer("port", 8787, 0, 65_535, "BUSBAR_PORT"),
    env: process.env,
    reload,
    line: (part, text) => say(`[${part}] ${text}`),
    note: say,
    signal,
  });
  process.stdout.write(flags.boolean("json") ? asJson(stack) : greeting(stack));
  try {
    await Promise.race([stopped, stack.failed]);
  } finally {
    await stack.stop();
  }
}

try {
  await main();
  process.exit(0);
} catch (error) {
  say(lastWords(error));
  process.exit(1);
}
