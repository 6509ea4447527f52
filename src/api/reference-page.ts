import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "./http/context.ts";
import { builtFile } from "./http/files.ts";

const FOLDER = "docs";

// Only this deployment is a source. Inline scripts and styles are forbidden.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Serves the page at `/docs` that shows `/openapi.json`, and the files it is made of. Needs no other host. */
export function serveReferencePage(app: OpenAPIHono<AppEnv>): void {
  const send = async (c: Context<AppEnv>, name: string, headers: Record<string, string>) =>
    (await builtFile(c, FOLDER, name, headers)) ?? c.notFound();
  app.get("/docs", (c) =>
    send(c, "index.html", {
      "Cache-Control": "no-cache",
      "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    }),
  );
  app.get("/docs/:file", (c) => send(c, c.req.param("file"), { "Cache-Control": "public, max-age=3600" }));
}
