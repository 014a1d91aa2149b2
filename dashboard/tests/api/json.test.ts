import assert from "node:assert/strict";
import { test } from "node:test";
import Big from "big.js";
import fc from "fast-check";
import { readJson, writeJson } from "../../src/api/json";

test("a number keeps its digits", () => {
  const text = '{"a": 0.10, "b": [12345678901234567890.123456789, -1E-8], "c": 0}';
  assert.deepEqual(readJson(text), {
    a: "0.10",
    b: ["12345678901234567890.123456789", "-1E-8"],
    c: "0",
  });
});

test("digits in strings and names are left alone", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })),
      (given) => {
        const read = readJson(JSON.stringify(given)) as Record<string, string>;
        assert.deepEqual(Object.entries(read), Object.entries(given));
      },
    ),
  );
});

test("any JSON is read as JSON.parse does, with numbers as text", () => {
  const asText = (value: unknown): unknown => {
    if (typeof value === "number") return JSON.stringify(value);
    if (Array.isArray(value)) return value.map(asText);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asText(each)]));
  };
  fc.assert(
    fc.property(fc.json(), (text) => {
      const normal = JSON.stringify(JSON.parse(text));
      assert.deepEqual(readJson(normal), asText(JSON.parse(normal)));
    }),
  );
});

test("what is not JSON is refused", () => {
  for (const text of ["", "{", "[1,]", "nope", '{"a": 1']) {
    assert.throws(() => readJson(text), SyntaxError, text);
  }
});

test("a Big is written as a number with all of its digits", () => {
  const body = {
    quantity: new Big("0.000000012345678901234"),
    side: "BUY",
    limit: 5,
    none: undefined,
  };
  assert.equal(writeJson(body), '{"quantity":0.000000012345678901234,"side":"BUY","limit":5}');
});

test("without exact numbers it is written as JSON.stringify does", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnpairedSurrogates: true } as object), (value) => {
      assert.equal(writeJson(value as never), JSON.stringify(value));
    }),
  );
});
