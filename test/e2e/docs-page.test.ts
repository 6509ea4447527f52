import { readFile } from "node:fs/promises";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { CHROMIUM_FLAGS, findChromium } from "../harness/chromium.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

const executablePath = findChromium();

const operation = z.object({ operationId: z.string() });
const described = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  webhooks: z.record(z.string(), z.unknown()),
});

describe.skipIf(executablePath === null)("the reference page in a browser", () => {
  let stack: RunningStack;
  let browser: Browser;
  beforeAll(async () => {
    stack = await startStack();
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: CHROMIUM_FLAGS });
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it("lists every operation with all other hosts out of reach, and breaks no rule of its policy", async () => {
    const context = await browser.newContext();
    const foreign: string[] = [];
    const complaints: string[] = [];
    await context.route("**/*", (route) => {
      const url = route.request().url();
      if (url.startsWith(`${stack.url}/`) || url.startsWith("data:")) return route.continue();
      foreign.push(url);
      return route.abort();
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`${stack.url}/docs`);
    await page.locator(".opblock").first().waitFor({ timeout: 30_000 });
    const shown = await page.locator(".opblock-summary-operation-id").allTextContents();
    const committed = await readFile(new URL("../../openapi.json", import.meta.url), "utf8");
    const { paths, webhooks } = described.parse(JSON.parse(committed));
    const wanted = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    const events = Object.keys(webhooks).map((name) => `post${name.replaceAll(/\W/g, "_")}`);
    expect(shown.toSorted()).toEqual([...wanted, ...events].toSorted());
    expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });

    // An operation opens and shows what it takes.
    await page.locator("#operations-chargers-createCharger .opblock-summary-control").click();
    await page.locator("#operations-chargers-createCharger").getByText("CP-FAST-201").first().waitFor();
    expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });
    await context.close();
  });

  it("sends its files with the types a browser insists on under nosniff", async () => {
    const typeOf = async (path: string) => {
      const answer = await fetch(stack.url + path);
      await answer.body?.cancel();
      return [
        answer.status,
        answer.headers.get("content-type"),
        answer.headers.get("x-content-type-options"),
      ];
    };
    expect(await typeOf("/docs")).toEqual([200, "text/html; charset=utf-8", "nosniff"]);
    expect(await typeOf("/docs/start.js")).toEqual([200, "text/javascript; charset=utf-8", "nosniff"]);
    expect(await typeOf("/docs/swagger-ui.css")).toEqual([200, "text/css; charset=utf-8", "nosniff"]);
    expect((await typeOf("/docs/nope.css"))[0]).toBe(404);
  });
});
