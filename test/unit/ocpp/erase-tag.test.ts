import { expect, it } from "vitest";
import { eraseInFields, eraseWords, eraseWordsInJson } from "../../../src/ocpp/erase-tag.ts";

const erasure = { key: "rfid.1", pseudonym: "erased-0a1b2c" };

it.each([
  ['[2,"a","Authorize",{"idTag":"RFID.1"}]', '[2,"a","Authorize",{"idTag":"erased-0a1b2c"}]'],
  [
    '{"idToken":{"idToken": "Rfid.1","type":"ISO14443"}}',
    '{"idToken":{"idToken": "erased-0a1b2c","type":"ISO14443"}}',
  ],
  ['{"data":"{\\"idTag\\":\\"RFID.1\\"}"}', '{"data":"{\\"idTag\\":\\"erased-0a1b2c\\"}"}'],
  ['{"idTagInfo":{"parentIdTag":"RFID.1"}}', '{"idTagInfo":{"parentIdTag":"erased-0a1b2c"}}'],
  [
    '{"localAuthorizationList":[{"idTag":"X"},{"idTag":"RFID.1"}]}',
    '{"localAuthorizationList":[{"idTag":"X"},{"idTag":"erased-0a1b2c"}]}',
  ],
])("a tag is replaced in its fields: %s", (text, expected) => {
  expect(eraseInFields(text, erasure)).toBe(expected);
});

it.each([
  '{"idTag":"RFID.11"}',
  '{"idTag":"RFIDx1"}',
  '{"status":"RFID.1"}',
  '{"idTag":"OTHER","info":"RFID.1"}',
])("what is not the tag, or no field of it, stays: %s", (text) => {
  expect(eraseInFields(text, erasure)).toBe(text);
});

it("a tag is replaced in free text where it is a word", () => {
  const text = "card RFID.1 of rfid.1, not RFID.12 or XRFID.1";
  expect(eraseWords(text, erasure)).toBe("card erased-0a1b2c of erased-0a1b2c, not RFID.12 or XRFID.1");
});

it.each([
  [
    '[2,"1","DataTransfer",{"data":"card 1","n":1,"1":[1,"1"]}]',
    '[2,"1","DataTransfer",{"data":"card P","n":1,"1":[1,"P"]}]',
  ],
  ['{"a":"card\\n1\\u00201"}', '{"a":"card\\nP P"}'],
  ['{"data":"{\\"card\\":\\"1\\"}"}', '{"data":"{\\"card\\":\\"P\\"}"}'],
  ['{"data":"cut off after 1', '{"data":"cut off after P'],
  ['{"data":"\\u0041"}', '{"data":"\\u0041"}'],
])(
  "a tag is replaced in JSON where it is a word of a text, and never as a number or a name: %s",
  (json, expected) => {
    expect(eraseWordsInJson(json, { key: "1", pseudonym: "P" })).toBe(expected);
  },
);
