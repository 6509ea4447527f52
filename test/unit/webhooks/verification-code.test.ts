import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { signatureHeaders } from "../../../src/webhooks/sign-delivery.ts";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";

const page = readFileSync(new URL("../../../docs/events.md", import.meta.url), "utf8");

/** The code of the page in one language. */
function codeOf(language: string): string {
  const code = new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, "s").exec(page)?.[1];
  if (code === undefined) throw new Error(`docs/events.md has no ${language}`);
  return code;
}

/** The documented example: its request as the page prints it. */
function printed(): { headers: Record<string, string>; body: string } {
  const [, head = "", body = ""] = /```\nPOST [^\n]*\n(.*?)\n\n(.*?)\n```/s.exec(page) ?? [];
  return {
    headers: Object.fromEntries(head.split("\n").map((line) => line.split(": "))) as Record<string, string>,
    body,
  };
}

interface Case {
  secret: string;
  headers: Record<string, string>;
  body: string;
  /** Epoch seconds. */
  now: number;
}

const TYPESCRIPT_DRIVER = `
const cases = JSON.parse(process.argv[2] ?? "[]");
console.log(JSON.stringify(cases.map((one) => isGenuine(one.secret, one.headers, Buffer.from(one.body), one.now * 1000))));`;
const PYTHON_DRIVER = `

import json
import sys

cases = json.loads(sys.argv[1])
print(json.dumps([is_genuine(one["secret"], one["headers"], one["body"].encode("utf-8"), one["now"]) for one in cases]))`;

const LANGUAGES = {
  typescript: { file: "verify.ts", driver: TYPESCRIPT_DRIVER, program: process.execPath },
  python: { file: "verify.py", driver: PYTHON_DRIVER, program: "python3" },
};

/** What the page's code makes of deliveries. */
async function judged(language: keyof typeof LANGUAGES, cases: Case[]): Promise<unknown> {
  const { file, driver, program } = LANGUAGES[language];
  const directory = temporaryDirectory();
  const path = join(directory.path, file);
  writeFileSync(path, codeOf(language) + driver);
  const { stdout } = await promisify(execFile)(program, [path, JSON.stringify(cases)]);
  directory.remove();
  return JSON.parse(stdout);
}

const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER = "eine andere, mit ümlauten ☃";
const SENT = 1_770_388_200;
const BODY =
  '{"event":"charger.connected","timestamp":"2026-02-06T14:30:00.000Z","data":{"chargeBoxId":"CP ☃"}}';

test.each(Object.keys(LANGUAGES) as Array<keyof typeof LANGUAGES>)(
  "the page's %s accepts what we sign and refuses everything else",
  async (language) => {
    const example = printed();
    const ours = (secrets: string[], body = BODY) => ({
      headers: signatureHeaders("evt_01JKB2M3N4P5Q6R7S8T9V0W1X2", new Date(SENT * 1000), body, secrets),
      body,
    });
    const genuine: Case[] = [
      { secret: SECRET, ...example, now: SENT },
      { secret: SECRET, ...ours([SECRET]), now: SENT + 299 },
      { secret: OTHER, ...ours([OTHER]), now: SENT - 299 },
      { secret: SECRET, ...ours([OTHER, SECRET]), now: SENT },
      { secret: OTHER, ...ours([OTHER, SECRET]), now: SENT },
    ];
    const valid = ours([SECRET]);
    const withHeader = (name: string, value: string) => ({
      ...valid,
      headers: { ...valid.headers, [name]: value },
    });
    const forged: Case[] = [
      { secret: OTHER, ...valid, now: SENT },
      { secret: SECRET, ...valid, body: `${BODY} `, now: SENT },
      { secret: SECRET, ...valid, now: SENT + 301 },
      { secret: SECRET, ...valid, now: SENT - 301 },
      { secret: SECRET, ...withHeader("webhook-id", "evt_01JKB2M3N4P5Q6R7S8T9V0W1X3"), now: SENT },
      { secret: SECRET, ...withHeader("webhook-timestamp", String(SENT + 1)), now: SENT },
      { secret: SECRET, ...withHeader("webhook-timestamp", "soon"), now: SENT },
      { secret: SECRET, ...withHeader("webhook-signature", ""), now: SENT },
      { secret: SECRET, ...withHeader("webhook-signature", "v1,"), now: SENT },
      { secret: SECRET, ...withHeader("webhook-signature", "v1"), now: SENT },
      {
        secret: SECRET,
        ...withHeader("webhook-signature", (valid.headers["webhook-signature"] ?? "").replace("v1,", "v2,")),
        now: SENT,
      },
      { secret: SECRET, headers: {}, body: BODY, now: SENT },
    ];
    expect(await judged(language, genuine)).toEqual(genuine.map(() => true));
    expect(await judged(language, forged)).toEqual(forged.map(() => false));
  },
  30_000,
);
