import { describe, expect, it } from "vitest";
import { readRequestSchemas } from "../../../src/ocpp/generated/request-schemas.js";
import { setsCredential, URL_FIELDS } from "../../../src/ocpp/guarded-fields.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { requestSchemaName } from "../../../src/ocpp/payload-findings.ts";
import { everyRequest } from "../../harness/ocpp-payload.ts";

const { schemas } = readRequestSchemas();

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
}

/** Places of a schema with the name, or the format, of an address. */
function addressesIn(given: Schema, path: string[]): string[] {
  const schema = given.$ref ? (schemas[given.$ref.split("/").at(-1) ?? ""] as Schema) : given;
  const name = path.at(-1) ?? "";
  const isText = schema.type === "string" && !schema.enum;
  const isNamed = /(?:url|uri|location)$/i.test(name);
  const here = isText && (schema.format === "uri" || isNamed) ? [path.join(".")] : [];
  const inner = Object.entries(schema.properties ?? {}).flatMap(([field, one]) =>
    addressesIn(one, [...path, field]),
  );
  return [...here, ...inner, ...(schema.items ? addressesIn(schema.items, [...path, "*"]) : [])];
}

describe("the fields that hold an address", () => {
  it("are those that the official schemas name or format so, in every action of every version", () => {
    const found: Record<string, string[]> = {};
    for (const { version, action } of everyRequest) {
      const schema = schemas[requestSchemaName(version, action)] as Schema;
      const fields = addressesIn(schema, []);
      if (fields.length > 0) found[action] = [...new Set([...(found[action] ?? []), ...fields])].toSorted();
    }
    const known = Object.entries(URL_FIELDS).map(([action, fields]) => [
      action,
      fields.map(({ path }) => path.join(".")).toSorted(),
    ]);
    expect(found).toEqual(Object.fromEntries(known));
  });
});

describe("a station's password", () => {
  const key = (name: string): [string, JsonObject] => ["ChangeConfiguration", { key: name, value: "x" }];
  const variable = (component: object, name: object): [string, JsonObject] => [
    "SetVariables",
    { setVariableData: [{ attributeValue: "x", component: { ...component }, variable: { ...name } }] },
  ];
  const transfer = (fields: JsonObject): [string, JsonObject] => [
    "DataTransfer",
    { vendorId: "V", ...fields },
  ];

  it.each<[string, JsonObject]>([
    key("AuthorizationKey"),
    key("authorizationkey"),
    key(" AUTHORIZATIONKEY "),
    key("Authorization_Key"),
    key("ＡuthorizationKey"),
    key("Authorization\u200bKey"),
    key("SecurityCtrlr.BasicAuthPassword"),
    key("SecurityCtrlr.BasicAuthPassword[1][2]"),
    key("BasicAuthPassword"),
    variable({ name: "SecurityCtrlr" }, { name: "BasicAuthPassword" }),
    variable({ name: "securityctrlr", instance: "x" }, { name: "BASICAUTHPASSWORD", instance: "1" }),
    variable({ name: "NetworkConfiguration", instance: "1" }, { name: "BasicAuthPassword" }),
    variable({ name: "X", evse: { id: 1 } }, { name: "Y.BasicAuthPassword" }),
    variable({ name: "OCPPCommCtrlr" }, { name: "AuthorizationKey" }),
    [
      "SetVariables",
      {
        setVariableData: [
          { attributeValue: "1", component: { name: "A" }, variable: { name: "B" } },
          {
            attributeValue: "x",
            component: { name: "SecurityCtrlr" },
            variable: { name: "BasicAuthPassword" },
          },
        ],
      },
    ],
    ["SetNetworkProfile", { configurationSlot: 1, connectionData: { basicAuthPassword: "x" } }],
    ["SetNetworkProfile", { configurationSlot: 1, connectionData: { BasicAuthPassword: "x" } }],
    ["Reset", { type: "Immediate", customData: { vendorId: "V", authorizationKey: "x" } }],
    ["Reset", { type: "Immediate", customData: { vendorId: "V", a: [{ set: "AuthorizationKey=x" }] } }],
    transfer({ messageId: "SetAuthorizationKey" }),
    transfer({ data: "authorizationkey=x" }),
    transfer({ data: "BASIC AUTH PASSWORD: x" }),
    transfer({ data: '{"key":"AuthorizationKey","value":"x"}' }),
    transfer({ data: '{"k":"\\u0041uthorizationKey"}' }),
    transfer({ data: JSON.stringify(JSON.stringify({ "\u0042asicAuthPassword": "x" })) }),
    transfer({ data: `${"[".repeat(5000)}"\\u0041uthorizationKey"${"]".repeat(5000)}` }),
    transfer({ data: { nested: [{ BasicAuthPassword: "x" }] } }),
  ])("is found in %s %j", (action, payload) => {
    expect(setsCredential({ action, payload })).toBe(true);
  });

  it.each<[string, JsonObject]>([
    ["GetConfiguration", { key: ["AuthorizationKey"] }],
    [
      "GetVariables",
      {
        getVariableData: [{ component: { name: "SecurityCtrlr" }, variable: { name: "BasicAuthPassword" } }],
      },
    ],
    key("HeartbeatInterval"),
    key("UseAuthorizationKeyWithoutDecoding"),
    key("AuthorizationCacheEnabled"),
    transfer({ messageId: "GetDisplayMessage", data: '{"screen": 1}' }),
    ["SetNetworkProfile", { configurationSlot: 1, connectionData: { vpn: { password: "x", key: "y" } } }],
    ["Reset", { type: "Immediate", customData: { vendorId: "V", note: "[not json" } }],
  ])("is not set by %s %j", (action, payload) => {
    expect(setsCredential({ action, payload })).toBe(false);
  });
});
