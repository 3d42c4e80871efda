/** Asks the API one question and gives its data. */
export type Ask = <T>(query: string, variables?: object) => Promise<T>;

/** Asks as the holder of this token; rejects with what the API refuses. */
export function apiClient(url: string, token: string, signal: AbortSignal): Ask {
  return async <T>(query: string, variables: object = {}) => {
    // Each question has a connection of its own: one that is kept may be closed just as a machine at its limit asks again.
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}`, connection: "close" };
    const response = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }), signal });
    const { data, errors } = (await response.json()) as { data?: T; errors?: unknown };
    if (errors || !data) throw new Error(`The API refused: ${JSON.stringify(errors)}`);
    return data;
  };
}
