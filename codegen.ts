import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: "client/graphql/*.graphql",
  generates: {
    "client/graphql/generated.ts": {
      plugins: ["typescript-operations", "typed-document-node"],
      config: {
        scalars: { ID: "string", DateTime: "string", SafeInt: "number", JSONObject: "Record<string, unknown>" },
        enumType: "string-literal",
        strictScalars: true,
        useTypeImports: true,
        skipTypename: true,
        dedupeFragments: true,
      },
    },
  },
};

export default config;
