import { describe, expect, it } from "vitest";
import { createApp } from "../../../src/app.ts";
import type { BuiltFiles } from "../../../src/env.ts";
import { createWorld } from "./access-world.ts";

/** Like the disk service of the local runtime: no types, JSON listings of folders. */
function filesOf(files: Record<string, string>, asked: string[] = []): BuiltFiles {
  return {
    fetch: async (url) => {
      const { pathname } = new URL(url);
      asked.push(pathname);
      const content = files[pathname];
      const headers = { "content-type": "application/octet-stream" };
      return content === undefined
        ? new Response("gone", { status: 404 })
        : new Response(content, { headers });
    },
  };
}

function appWith(files: BuiltFiles | undefined) {
  const world = createWorld();
  const app = createApp({ services: () => world, writeLog: () => undefined });
  const bindings = files ? { ASSETS: files } : {};
  return (path: string, init?: RequestInit) =>
    app.fetch(new Request(`https://busbar.test${path}`, init), bindings as never);
}

const built = {
  "/docs/index.html": "<!doctype html>",
  "/docs/start.js": "start()",
  "/docs/swagger-ui.css": "body{}",
  "/secret.txt": "outside",
};

describe("the reference page", () => {
  it("allows scripts and styles of this deployment only, neither inline nor evaluated", async () => {
    const page = await appWith(filesOf(built))("/docs");
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'; style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each([
    ["/docs/start.js", "text/javascript; charset=utf-8"],
    ["/docs/swagger-ui.css", "text/css; charset=utf-8"],
  ])("%s is %s whatever the store of files calls it", async (path, type) => {
    const file = await appWith(filesOf(built))(path);
    expect([file.status, file.headers.get("content-type")]).toEqual([200, type]);
  });

  it.each([
    "/docs/..%2fsecret.txt",
    "/docs/%2e%2e%2fsecret.txt",
    "/docs/.env",
    "/docs/assets",
    "/docs/x.exe",
  ])("%s is not found, and no file is asked for", async (path) => {
    const asked: string[] = [];
    const answer = await appWith(filesOf(built, asked))(path);
    expect([answer.status, await answer.json(), asked]).toEqual([404, { detail: "Not Found" }, []]);
  });

  it("a file that was not built, and a deployment without files, answer 404", async () => {
    expect((await appWith(filesOf(built))("/docs/nope.js")).status).toBe(404);
    expect((await appWith(undefined)("/docs")).status).toBe(404);
  });

  it("cannot be written to", async () => {
    const answer = await appWith(filesOf(built))("/docs", { method: "POST" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});
