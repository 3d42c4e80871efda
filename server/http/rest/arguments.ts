import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
} from "graphql";
import { badInput } from "../../domain/errors.ts";
import { inputOf, type RestRoute } from "./routes.ts";

type Values = Readonly<Record<string, unknown>>;

/** A query parameter or a field of the body: an argument of the API, or a field of one that is spread out. */
export interface Parameter {
  readonly name: string;
  readonly spec: GraphQLArgument | GraphQLInputField;
  /** The argument that it is a field of; null for one of its own. */
  readonly of: string | null;
}

/** What a request may give beside the path: the fields of `filter` in the address, those of `input` in the body. */
export function parametersOf({ field, path, method }: Pick<RestRoute, "field" | "path" | "method">): Parameter[] {
  const spread = method === "GET" ? field.args.filter(({ type }) => isInputObjectType(getNamedType(type))) : [inputOf(field)];
  return field.args
    .filter(({ name }) => !path.includes(`:${name}`))
    .flatMap((argument): Parameter[] => {
      const type = getNamedType(argument.type);
      if (!spread.includes(argument) || !isInputObjectType(type)) return [{ name: argument.name, spec: argument, of: null }];
      return Object.values(type.getFields()).map((spec) => ({ name: spec.name, spec, of: argument.name }));
    });
}

/** The API's arguments in the parameters of an address; throws BAD_USER_INPUT for one that there is not. */
export function fromQuery(route: RestRoute, query: URLSearchParams): Values {
  const given = Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));
  return gathered(route, given, ({ name, spec }) => coerced(name, spec.type, given[name] ?? []));
}

/** The API's arguments in a body of JSON; its `input` may also stand there as such. */
export function fromBody(route: RestRoute, body: Values): Values {
  const input = inputOf(route.field)?.name;
  if (input && typeof body[input] === "object") return body;
  return gathered(route, body, ({ name }) => body[name]);
}

function gathered(route: RestRoute, given: Values, read: (parameter: Parameter) => unknown): Values {
  const parameters = parametersOf(route);
  const unknown = Object.keys(given).find((name) => !parameters.some((each) => each.name === name));
  if (unknown !== undefined) {
    const known = parameters.map(({ name }) => name).join(", ");
    throw badInput(`There is no ${unknown.slice(0, 100)} here.`, known ? `There are: ${known}.` : "Nothing can be given here.");
  }
  const values: Record<string, unknown> = {};
  const input = inputOf(route.field);
  if (input && route.method !== "GET") values[input.name] = {};
  for (const parameter of parameters.filter(({ name }) => name in given)) {
    const value = read(parameter);
    if (parameter.of === null) values[parameter.name] = value;
    else values[parameter.of] = { ...(values[parameter.of] as object | undefined), [parameter.name]: value };
  }
  return values;
}

/** An address holds text only; what it means is up to the type. */
function coerced(name: string, type: GraphQLInputType, texts: readonly string[]): unknown {
  const bare = getNullableType(type);
  if (isListType(bare)) return texts.flatMap((text) => text.split(",")).map((text) => one(name, getNamedType(bare).name, text));
  if (texts.length !== 1) throw badInput(`${name} is given more than once.`);
  return one(name, getNamedType(bare).name, texts[0] ?? "");
}

function one(name: string, type: string, text: string): unknown {
  if (type === "Boolean") {
    if (text !== "true" && text !== "false") throw badInput(`${name} is true or false.`);
    return text === "true";
  }
  if (!["Int", "Float", "SafeInt"].includes(type)) return text;
  if (!/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) throw badInput(`${name} is a number.`);
  return Number(text);
}
