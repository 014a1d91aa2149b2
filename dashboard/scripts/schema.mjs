// Makes src/api/schema.d.ts from the API's own OpenAPI document.
//
//   npm run schema                  asks this checkout's Python for the document
//   npm run schema -- openapi.json  reads it from a file
//
// Every JSON number becomes `Decimal`: the page keeps numbers as the digits that were sent.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";
import ts from "typescript";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const target = new URL("../src/api/schema.d.ts", import.meta.url);

function readDocument() {
  const given = process.argv[2];
  if (given !== undefined) return readFileSync(given, "utf8");
  return execFileSync(`${checkout}.venv/bin/python`, ["-m", "api.openapi_document"], {
    cwd: checkout,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
}

const decimal = ts.factory.createTypeReferenceNode("Decimal");
const tree = await openapiTypescript(JSON.parse(readDocument()), {
  transform: (schema) =>
    (schema.type === "number" || schema.type === "integer") && schema.enum === undefined
      ? decimal
      : undefined,
});
const source = `import type { Decimal } from "../money/decimal";\n\n${astToString(tree)}`;
writeFileSync(target, source);
