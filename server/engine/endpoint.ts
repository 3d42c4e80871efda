import { lookup } from "node:dns/promises";
import type { LookupFunction, Socket } from "node:net";
import ipaddr from "ipaddr.js";
import { Agent, buildConnector } from "undici";
import { Failure } from "../domain/errors.ts";

/** The addresses of a host name, as the system knows them; tests give their own. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** Which addresses may be connected to, and how long that may take. */
export interface Endpoints {
  /** Host names, addresses and networks that may be used though they are not public. */
  readonly allowed: readonly string[];
  readonly resolve?: Resolve;
  readonly connectMilliseconds?: number;
}

const hint = "An administrator can allow it: Settings, Notifications, Allowed endpoints.";
const refusal = (message: string, told = hint) => new Failure("BAD_USER_INPUT", message, told, { reason: "ENDPOINT_NOT_ALLOWED" });

/**
 * The address that may be connected to, as far as can be seen without connecting: http or https, no user or password in it,
 * and no literal address that is not public, in whatever form it is written. Throws ENDPOINT_NOT_ALLOWED.
 */
export function checkEndpoint(text: string, allowed: readonly string[]): URL {
  if (!URL.canParse(text)) throw refusal("That is not a web address.", "For example https://hooks.example.com/backups.");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refusal(`Only http and https addresses can be used, not ${url.protocol}`, "Use an address that begins with https://.");
  if (url.username || url.password)
    throw refusal("The address holds a user name or a password.", "Leave them out: what is secret has a field of its own.");
  // The URL parser has made 0x7f000001, 2130706433 and 0177.1 into 127.0.0.1 by now.
  const host = bare(url.hostname);
  if (isLocalName(host) && !allows(allowed, host, null)) throw refusal(`${host} names this machine.`);
  if (ipaddr.isValid(host)) checkAddress(host, host, allowed);
  return url;
}

/**
 * Connects only to what may be connected to. The decision falls on the address that the socket is connected to, so that a name which
 * resolves to something else from one moment to the next gains nothing.
 */
export function guardedAgent({ allowed, resolve = systemResolve, connectMilliseconds = 5000 }: Endpoints): Agent {
  const guardedLookup: LookupFunction = (host, options, done) => {
    resolve(host)
      .then((found) => {
        const usable = found.filter(({ family }) => !options.family || family === Number(String(options.family).replace("IPv", "")));
        for (const { address } of usable) checkAddress(address, host, allowed);
        if (usable[0] === undefined) throw new Error(`${host} has no address.`);
        if (options.all) done(null, [...usable]);
        else done(null, usable[0].address, usable[0].family);
      })
      .catch((error: Error) => done(error, "", 0));
  };
  const connect = buildConnector({ timeout: connectMilliseconds, lookup: guardedLookup, allowH2: false, maxCachedSessions: 0 });
  return new Agent({
    connect(options, callback) {
      const host = bare(options.hostname);
      try {
        // A literal address is never looked up.
        if (ipaddr.isValid(host)) checkAddress(host, host, allowed);
      } catch (error) {
        callback(error as Failure, null);
        return;
      }
      connect(options, (...[error, socket]) => {
        if (error) return callback(error, null);
        try {
          checkConnected(socket, host, allowed);
          callback(null, socket);
        } catch (refused) {
          socket.destroy();
          callback(refused as Failure, null);
        }
      });
    },
  });
}

function checkConnected(socket: Socket, host: string, allowed: readonly string[]): void {
  if (!socket.remoteAddress) throw new Error("The connection was closed.");
  checkAddress(socket.remoteAddress, host, allowed);
}

const systemResolve: Resolve = (host) => lookup(host, { all: true });

/** Throws ENDPOINT_NOT_ALLOWED for an address that is not public, unless it or the host's name is allowed. */
export function checkAddress(address: string, host: string, allowed: readonly string[]): void {
  const parsed = addressOf(address);
  if (isPublic(parsed) || allows(allowed, host, parsed)) return;
  const shown = host === address ? address : `${host} (${parsed.toString()})`;
  throw refusal(`${shown} is not a public address, so nothing is sent there.`);
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");
const nat64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

/** The address itself, not the form in which IPv6 carries it: of a mapped or NAT64 one, the IPv4 address. */
function addressOf(text: string): Address {
  const parsed = ipaddr.process(text.replace(/%.*$/, ""));
  return isV6(parsed) && parsed.match(nat64) ? new ipaddr.IPv4(parsed.toByteArray().slice(12)) : parsed;
}

const isV6 = (address: Address): address is ipaddr.IPv6 => address.kind() === "ipv6";
const isPublic = (address: Address) => address.range() === "unicast" && (!isV6(address) || address.match(globalUnicast));

/** Whether the list names the host, the address, or a network that it is in. */
function allows(allowed: readonly string[], host: string, address: Address | null): boolean {
  return allowed.some((entry) => {
    const each = bare(entry.trim().toLowerCase());
    if (each === host.toLowerCase().replace(/\.$/, "")) return true;
    if (!address) return false;
    if (ipaddr.isValidCIDR(each)) {
      const [network, bits] = ipaddr.parseCIDR(each);
      return network.kind() === address.kind() && address.match([network, bits] as [ipaddr.IPv4, number] & [ipaddr.IPv6, number]);
    }
    return ipaddr.isValid(each) && addressOf(each).toString() === address.toString();
  });
}

const bare = (host: string) => host.replace(/^\[(.*)\]$/, "$1");
const isLocalName = (host: string) => /^(localhost|.*\.localhost)\.?$/i.test(host);
