import type { GraphQLSchema } from "graphql";
import {
  type GraphQLType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { version } from "../../version.ts";
import { parametersOf } from "./arguments.ts";
import { extraPaths } from "./extra-paths.ts";
import type { RestRoute } from "./routes.ts";

type Json = Record<string, unknown>;
/** The OpenAPI document of these routes: what each takes and answers, as the flat schema has it. */
export function openApiDocument(schema: GraphQLSchema, routes: readonly RestRoute[], description: string): object {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  for (const [path, methods] of Object.entries(extraPaths)) paths[path] = { ...paths[path], ...methods };
  const schemas = Object.keys(schema.getTypeMap())
    .filter((name) => !/^__|^(Query|Mutation)$/.test(name))
    .flatMap((name) => {
      const one = componentOf(schema, name);
      return one ? [[name, one]] : [];
    });
  return {
    openapi: "3.0.3",
    info: { title: "Holdfast", version, description, license: { name: "MIT" } },
    servers: [{ url: "/api" }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(routes.flatMap(({ tags }) => tags))].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...Object.fromEntries(schemas), Error: errorSchema },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The secret of an API token." },
        session: { type: "apiKey", in: "cookie", name: "holdfast", description: "The dashboard's session." },
      },
    },
  };
}

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" }, hint: { type: "string" }, reason: { type: "string" } },
    },
  },
};

function operationOf(route: RestRoute): Json {
  const { field, path, method, tags, responseStatus } = route;
  const inPath = field.args.filter(({ name }) => path.includes(`:${name}`));
  const others = parametersOf(route);
  const bodily = method !== "GET" && method !== "DELETE";
  const parameters = [
    ...inPath.map(({ name, type }) => ({ name, in: "path", required: true, schema: typeSchema(type) })),
    ...(bodily ? [] : others).map(({ name, spec }) => ({
      name,
      in: "query",
      required: isNonNullType(spec.type),
      ...(spec.description ? { description: spec.description } : {}),
      schema: typeSchema(getNullableType(spec.type)),
    })),
  ];
  const properties = Object.fromEntries(others.map(({ name, spec }) => [name, described(typeSchema(spec.type), spec.description)]));
  const required = others.filter(({ spec }) => isNonNullType(spec.type) && spec.defaultValue === undefined).map(({ name }) => name);
  return {
    operationId: field.name,
    summary: field.description || sentence(field.name),
    tags,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(bodily && others.length > 0
      ? {
          requestBody: {
            required: required.length > 0,
            content: { "application/json": { schema: { type: "object", properties, ...(required.length > 0 ? { required } : {}) } } },
          },
        }
      : {}),
    responses: {
      [responseStatus]: { description: "Done.", content: { "application/json": { schema: typeSchema(field.type) } } },
      default: { description: "Refused or failed.", content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
    },
  };
}

/** createBackup reads: Create backup. */
const sentence = (name: string) => {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
};

const described = (schema: Json, description: string | null | undefined): Json =>
  !description ? schema : "$ref" in schema ? { allOf: [schema], description } : { ...schema, description };

/** A type of the API as a component; null for what is no object and no enumeration. */
function componentOf(schema: GraphQLSchema, name: string): Json | null {
  const type = schema.getType(name);
  if (isEnumType(type)) return { type: "string", enum: type.getValues().map((value) => value.name), ...note(type.description) };
  if (!isObjectType(type) && !isInputObjectType(type)) return null;
  const fields = Object.values(type.getFields());
  if (isObjectType(type) && name.endsWith("Page")) {
    const nodes = type.getFields().nodes;
    return {
      type: "object",
      required: ["count", "next", "results"],
      properties: {
        count: { type: "integer" },
        next: { type: "string", nullable: true, description: "The address of the next page; null on the last." },
        results: nodes ? typeSchema(nodes.type) : { type: "array", items: {} },
      },
    };
  }
  const required = fields
    .filter((field) =>
      isObjectType(type) ? true : isNonNullType(field.type) && !("defaultValue" in field && field.defaultValue !== undefined),
    )
    .map((field) => field.name);
  return {
    type: "object",
    ...note(type.description),
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(fields.map((field) => [field.name, described(typeSchema(field.type), field.description)])),
  };
}

const note = (description: string | null | undefined) => (description ? { description } : {});

const scalars: Readonly<Record<string, Json>> = {
  ID: { type: "string" },
  String: { type: "string" },
  Boolean: { type: "boolean" },
  Int: { type: "integer" },
  SafeInt: { type: "integer", format: "int64" },
  Float: { type: "number" },
  DateTime: { type: "string", format: "date-time" },
  JSONObject: { type: "object" },
};

/** Everything may be null that the API does not promise. */
function typeSchema(type: GraphQLType): Json {
  if (isNonNullType(type)) return bareSchema(type.ofType);
  const bare = bareSchema(type);
  return "$ref" in bare ? { allOf: [bare], nullable: true } : { ...bare, nullable: true };
}

function bareSchema(type: GraphQLType): Json {
  if (isListType(type)) return { type: "array", items: typeSchema(type.ofType) };
  const { name } = getNamedType(type);
  return scalars[name] ?? { $ref: `#/components/schemas/${name}` };
}
