/**
 * Compiles the official OCPP JSON schemas into one ES module per version under `src/ocpp/generated/`, and keeps the schemas of
 * the requests that a central system may send as JSON in one more, for the OpenAPI document and for lists of findings.
 *
 * workerd forbids code generation from strings, so ajv cannot run there; its standalone output can.
 * Usage: `node scripts/build-validators.mjs` (does nothing while its inputs are unchanged).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const versions = {
  "ocpp1.6": "ocpp1_6.json",
  "ocpp2.0.1": "ocpp2_0_1.json",
  "ocpp2.1": "ocpp2_1.json",
};

const declaration = `/** Compiled from the official OCPP schemas; never edited by hand. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}
export interface Check {
  (payload: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}
export declare const requests: Readonly<Record<string, Check>>;
export declare const responses: Readonly<Record<string, Check>>;
`;

const sendablePath = join(root, "src", "ocpp", "sendable-actions.json");
const schemasFile = "request-schemas";

const schemasDeclaration = `/** Taken from the official OCPP schemas; never edited by hand. */
export interface RequestSchemas {
  /** Schemas by name: "Ocpp", the digits of the version, and an action or a definition. A reference is "#/components/schemas/" and a name. */
  readonly schemas: Readonly<Record<string, object>>;
  /** Source of the regular expression of each format. */
  readonly formats: Readonly<Record<string, string>>;
}
export declare function readRequestSchemas(): RequestSchemas;
`;

// RFC 3339, as the OCPP texts ask for; an offset is required, the number of decimals is not limited here.
const dateTime =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)$/;
const uri = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s]*$/;

/** Directory of an installed package, found without loading the package itself. */
function packageDirectory(name) {
  return join(root, "node_modules", name);
}

function packageVersion(name) {
  return JSON.parse(readFileSync(join(packageDirectory(name), "package.json"), "utf8")).version;
}

function fingerprint() {
  const hash = createHash("sha256");
  for (const path of [fileURLToPath(import.meta.url), sendablePath]) hash.update(readFileSync(path));
  for (const name of ["ocpp-rpc", "ajv", "esbuild"]) hash.update(`\n${name}@${packageVersion(name)}`);
  return hash.digest("hex");
}

/** `urn:Reset.req`, `urn:ResetRequest` and the suffixless `urn:NotifyPeriodicEventStream`. */
export function parseSchemaId(id) {
  const [, action, suffix] = /^urn:(.+?)(\.req|\.conf|Request|Response)?$/.exec(id) ?? [];
  if (!action) throw new Error(`schema id ${id} is not understood`);
  return { action, direction: suffix === ".conf" || suffix === "Response" ? "responses" : "requests" };
}

function readSchemas(file) {
  const text = readFileSync(join(packageDirectory("ocpp-rpc"), "lib", "schemas", file), "utf8");
  return JSON.parse(text.replace(/^\uFEFF/, ""));
}

async function compile(schemas) {
  const { default: Ajv } = await import("ajv");
  const { default: standaloneCode } = await import("ajv/dist/standalone/index.js");
  const ajv = new Ajv({
    strict: false,
    messages: false,
    // Tenths such as 1.4 are not exact multiples of 0.1 in binary floating point.
    multipleOfPrecision: 6,
    formats: { "date-time": dateTime, uri },
    code: { source: true, esm: true },
  });
  const tables = { requests: [], responses: [] };
  const names = {};
  // Schemas get names of our own: their ids are URNs without a namespace, which newer resolvers refuse.
  for (const { $schema: _draft, $id, ...schema } of schemas) {
    const { action, direction } = parseSchemaId($id);
    const name = `${action}_${direction}`;
    ajv.addSchema(schema, name);
    names[name] = name;
    tables[direction].push(`${JSON.stringify(action)}:${name}`);
  }
  const code = standaloneCode
    .default(ajv, names)
    .replaceAll(/^export const (\w+_(?:requests|responses)) = /gm, "const $1 = ");
  const table = (direction) =>
    `export const ${direction} = {__proto__: null, ${tables[direction].join(",")}};`;
  return [code, table("requests"), table("responses")].join("\n");
}

/** Keywords that mean something to a validator. Notes, defaults and the names of Java classes are left out. */
const keywords = new Set([
  "$ref",
  "type",
  "enum",
  "format",
  "multipleOf",
  "minimum",
  "maximum",
  "maxLength",
  "items",
  "minItems",
  "maxItems",
  "properties",
  "required",
  "additionalProperties",
]);

/** A schema reduced to `keywords`, with references to the names that its definitions have in the whole. */
function reduced(schema, nameOf) {
  const entries = Object.entries(schema).filter(([keyword]) => keywords.has(keyword));
  return Object.fromEntries(
    entries.map(([keyword, value]) => {
      if (keyword === "$ref") return [keyword, `#/components/schemas/${nameOf(value.split("/").at(-1))}`];
      if (keyword === "items") return [keyword, reduced(value, nameOf)];
      if (keyword !== "properties") return [keyword, value];
      const properties = Object.entries(value).map(([name, property]) => [name, reduced(property, nameOf)]);
      return [keyword, Object.fromEntries(properties)];
    }),
  );
}

/** The schemas of the requests that a central system may send, of all versions, by name. */
function requestSchemas() {
  const sendable = JSON.parse(readFileSync(sendablePath, "utf8"));
  const all = {};
  for (const [version, file] of Object.entries(versions)) {
    const prefix = `Ocpp${version.replaceAll(/\D/g, "")}`;
    const nameOf = (name) => `${prefix}${name}`;
    const keep = (name, schema) => {
      const before = all[name];
      if (before && JSON.stringify(before) !== JSON.stringify(schema))
        throw new Error(`two schemas of the name ${name} differ`);
      all[name] = schema;
    };
    for (const schema of readSchemas(file)) {
      const { action, direction } = parseSchemaId(schema.$id);
      if (direction !== "requests" || !sendable[version].includes(action)) continue;
      const description = `Payload of ${action} for a station that speaks ${version}`;
      keep(nameOf(action), { description, ...reduced(schema, nameOf) });
      for (const [name, definition] of Object.entries(schema.definitions ?? {}))
        keep(nameOf(name), reduced(definition, nameOf));
    }
  }
  return { schemas: all, formats: { "date-time": dateTime.source, uri: uri.source } };
}

/** JSON in a text costs nothing until it is read. */
function schemasModule() {
  const text = JSON.stringify(JSON.stringify(requestSchemas()));
  return `export function readRequestSchemas() { return JSON.parse(${text}); }\n`;
}

async function bundle(contents) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "js" },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
  });
  return outputFiles[0].text;
}

/** Replaces a file atomically: two builds may run at once. */
function writeWhole(path, text) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}

/** Are the modules in this directory those of the installed schemas and of this script? */
export function isCurrent(directory) {
  const stampPath = join(directory, ".stamp");
  if (!existsSync(stampPath) || readFileSync(stampPath, "utf8") !== fingerprint()) return false;
  return [...Object.keys(versions), schemasFile].every((name) => existsSync(join(directory, `${name}.js`)));
}

/** @returns {Promise<boolean>} whether anything had to be compiled */
export async function buildValidators(directory = join(root, "src", "ocpp", "generated")) {
  if (isCurrent(directory)) return false;
  const stamp = fingerprint();
  mkdirSync(directory, { recursive: true });
  for (const [version, file] of Object.entries(versions)) {
    const code = await bundle(await compile(readSchemas(file)));
    writeWhole(join(directory, `${version}.js`), code);
    writeWhole(join(directory, `${version}.d.ts`), declaration);
  }
  writeWhole(join(directory, `${schemasFile}.js`), schemasModule());
  writeWhole(join(directory, `${schemasFile}.d.ts`), schemasDeclaration);
  writeWhole(join(directory, ".stamp"), stamp);
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildValidators();
