import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

export type OriginCheck = (headers: IncomingHttpHeaders) => boolean;

/**
 * Whether a request was not made by a foreign web page. A page of the public URL may ask; so may a page that came from the very
 * address asked, if that is an IP address or localhost: any other name could be a stranger's that was pointed at this machine.
 * Programs that are no browsers send no Origin and may ask too: they carry nobody's cookies.
 */
export function createOriginCheck(publicUrl: string): OriginCheck {
  const own = new URL(publicUrl).origin;
  return ({ origin, host, "sec-fetch-site": site }) => {
    if (origin === undefined) return site !== "cross-site";
    if (origin === own) return true;
    const from = URL.parse(origin);
    return from !== null && from.host === host && isOwnName(from.hostname);
  };
}

const isOwnName = (hostname: string) => hostname === "localhost" || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
