import type { Context } from "hono";
import { filesOf } from "../../env.ts";
import type { AppEnv } from "./context.ts";

// Set here, because the disk service of the local runtime serves every file as application/octet-stream.
const TYPES: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
};

// No leading dot and no separator, so that a name cannot point outside of its folder.
const FILE_NAME = /^[A-Za-z0-9][\w-]*(?:\.[\w-]+)*\.([a-z0-9]+)$/;

/**
 * A file of the build with the media type of its extension; null: no such file.
 * @param folder below the root of the files, without slashes at its ends
 */
export async function builtFile(
  c: Context<AppEnv>,
  folder: string,
  name: string,
  headers: Record<string, string>,
): Promise<Response | null> {
  const type = TYPES[FILE_NAME.exec(name)?.[1] ?? ""];
  const file = type && (await filesOf(c.env)?.fetch(`http://files/${folder}/${name}`));
  if (!file) return null;
  if (file.status === 200 && file.body) return c.body(file.body, 200, { ...headers, "Content-Type": type });
  await file.body?.cancel();
  return null;
}
