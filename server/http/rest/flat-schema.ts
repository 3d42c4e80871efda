import { MapperKind, mapSchema } from "@graphql-tools/utils";
import {
  type GraphQLFieldConfig,
  GraphQLID,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLString,
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";

type Field = GraphQLFieldConfig<unknown, unknown>;

/** What lists leave out: it is read from the manifests, and stands with the single one. */
const leftOutOfLists: Readonly<Record<string, readonly string[]>> = {
  Backup: ["database", "media", "restoreCommands", "verifications", "progress"],
};
/** Answers that are nothing but a wrapping: what they hold is shown whole. */
const wrappings = /Page$|^(IssuedApiToken|SavedChannel)$/;

/**
 * The schema that REST is generated from: the same queries, mutations and resolvers, with nothing live, and with answers that
 * have one level: where one noun has another, its id and name stand there, so that no answer drags the catalog along.
 */
export function flatSchema(schema: GraphQLSchema): GraphQLSchema {
  const references = new Map<string, GraphQLObjectType>();
  const flattened = mapSchema(schema, {
    [MapperKind.SUBSCRIPTION]: () => null,
    [MapperKind.INTERFACE_FIELD]: (field) => (hasArguments(field) ? null : undefined),
    [MapperKind.OBJECT_FIELD]: (field, _name, typeName) => {
      if (isRoot(schema, typeName)) return undefined;
      if (hasArguments(field)) return null;
      const type = getNamedType(field.type);
      if (!isNoun(type) || wrappings.test(typeName)) return undefined;
      return { ...field, type: exchanged(field.type as GraphQLOutputType, referenceTo(type, references)) };
    },
  });
  return mapSchema(flattened, {
    [MapperKind.OBJECT_FIELD]: (field, name, typeName) => {
      const type = getNamedType(field.type);
      const left = leftOutOfLists[type.name];
      if (!left || !isObjectType(type) || name !== "nodes" || !typeName.endsWith("Page")) return undefined;
      return { ...field, type: exchanged(field.type as GraphQLOutputType, without(type, left)) };
    },
  });
}

const isRoot = (schema: GraphQLSchema, name: string) => name === schema.getQueryType()?.name || name === schema.getMutationType()?.name;

const hasArguments = (field: { readonly args?: object | undefined }) => Object.keys(field.args ?? {}).length > 0;

const isNoun = (type: unknown): type is GraphQLObjectType => isObjectType(type) && "id" in type.getFields();

/** A noun as it stands in another one's answer. */
function referenceTo(type: GraphQLObjectType, known: Map<string, GraphQLObjectType>): GraphQLObjectType {
  const reference =
    known.get(type.name) ??
    new GraphQLObjectType({
      name: `${type.name}Reference`,
      fields: {
        id: { type: new GraphQLNonNull(GraphQLID) },
        ...("name" in type.getFields() ? { name: { type: new GraphQLNonNull(GraphQLString) } } : {}),
      },
    });
  known.set(type.name, reference);
  return reference;
}

function without(type: GraphQLObjectType, left: readonly string[]): GraphQLObjectType {
  const { fields, ...config } = type.toConfig();
  const kept: Record<string, Field> = Object.fromEntries(Object.entries(fields).filter(([name]) => !left.includes(name)));
  return new GraphQLObjectType({ ...config, name: `${type.name}InList`, interfaces: [], fields: kept });
}

/** The same lists and non-nulls around another type. */
function exchanged(type: GraphQLOutputType, named: GraphQLObjectType): GraphQLOutputType {
  if (isNonNullType(type)) return new GraphQLNonNull(exchanged(type.ofType as GraphQLOutputType, named) as GraphQLObjectType);
  return isListType(type) ? new GraphQLList(exchanged(type.ofType as GraphQLOutputType, named)) : named;
}
