/** Typed calls of the API; what they take and answer comes from its own OpenAPI document. */
import type Big from "big.js";
import type { Decimal } from "../money/decimal";
import { readJson, type Sendable, writeJson } from "./json";
import { Problem, type ProblemDetails, problemOf, UNREADABLE } from "./problem";
import type { components, paths } from "./schema";
import { accessToken, renewAccess } from "./session";

/** A schema of the API by its name, such as `Schema<"TradeAnswer">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** The same shape with `Big` (or a count) where an answer has `Decimal`. */
export type Sent<T> = T extends Decimal
  ? Big | number
  : T extends readonly (infer Item)[]
    ? readonly Sent<Item>[]
    : T extends object
      ? { [Member in keyof T]: Sent<T[Member]> }
      : T;

type Method = "get" | "post" | "put" | "delete";
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P][M & keyof paths[P]];
type Part<O, Name extends string> = O extends { parameters: infer Parameters }
  ? Name extends keyof Parameters
    ? Exclude<Parameters[Name], undefined>
    : never
  : never;
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
type SuccessOf<R> = {
  [Status in keyof R]: Status extends 200 | 201 | 202 | 204 ? Json<R[Status]> : never;
}[keyof R];

/** What a call answers with. */
export type Answer<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer Responses } ? SuccessOf<Responses> : never;

type BodyOf<O> = O extends { requestBody: infer Body } ? Sent<Json<Body>> : undefined;

/** What may accompany every call. */
export interface CallOptions {
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** How long an answer may take. */
  timeoutMs?: number;
}

type Has<Key extends string, T> = [T] extends [never] ? unknown : { [K in Key]: T };
type May<Key extends string, T> = [T] extends [never] ? unknown : { [K in Key]?: T };
// A filter that is not set may be there without a value; it is not sent.
type Unset<T> = [T] extends [never] ? never : { [K in keyof T]: T[K] | undefined };
type Request<P extends keyof paths, M extends Method> = CallOptions &
  Has<"path", Part<Operation<P, M>, "path">> &
  May<"query", Unset<Sent<Part<Operation<P, M>, "query">>>> &
  (BodyOf<Operation<P, M>> extends undefined ? unknown : { body: BodyOf<Operation<P, M>> });
// A call that needs nothing can be made without saying so.
type Arguments<P extends keyof paths, M extends Method> =
  CallOptions extends Request<P, M> ? [request?: Request<P, M>] : [request: Request<P, M>];

interface AnyRequest extends CallOptions {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  /** Whether the call goes on where the page is left. */
  keepalive?: boolean;
}

const TIMEOUT_MS = 20_000;

/**
 * Calls of the API, as in `api.get("/api/trades/{trade_id}", { path: { trade_id } })`.
 *
 * Each one throws `Problem` when it fails. A token that ran out is renewed once, and the call
 * made again.
 */
export const api = {
  get: <P extends PathsWith<"get">>(path: P, ...[request]: Arguments<P, "get">) =>
    call("GET", path, request) as Promise<Answer<P, "get">>,
  post: <P extends PathsWith<"post">>(path: P, ...[request]: Arguments<P, "post">) =>
    call("POST", path, request) as Promise<Answer<P, "post">>,
  put: <P extends PathsWith<"put">>(path: P, ...[request]: Arguments<P, "put">) =>
    call("PUT", path, request) as Promise<Answer<P, "put">>,
  del: <P extends PathsWith<"delete">>(path: P, ...[request]: Arguments<P, "delete">) =>
    call("DELETE", path, request) as Promise<Answer<P, "delete">>,
};

async function call(method: string, path: string, request: AnyRequest = {}): Promise<unknown> {
  try {
    const token = await accessToken();
    let response = await send(method, path, request, token);
    if (response.status === 401 && token !== null) {
      const problem = await problemIn(response);
      if (problem.code !== "TOKEN_EXPIRED" && problem.code !== "TOKEN_INVALID") throw problem;
      response = await send(method, path, request, await renewAccess(token));
    }
    return await contentOf(response);
  } catch (thrown) {
    // Whoever gave a call up does not want to hear that it failed.
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown;
    throw problemOf(thrown);
  }
}

/** Makes one call as it is, with this token or none; `api` is what pages use. */
export function send(
  method: string,
  path: string,
  request: AnyRequest,
  token: string | null,
): Promise<Response> {
  const headers: Record<string, string> = { ...request.headers };
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  const timeout = AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS);
  const init: RequestInit = {
    method,
    headers,
    credentials: "same-origin",
    cache: "no-cache",
    keepalive: request.keepalive ?? false,
    signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
  };
  if (request.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = writeJson(request.body as Sendable);
  }
  return fetch(addressOf(path, request), init);
}

/** The answer's content. @throws Problem when it says that the call failed. */
export async function contentOf(response: Response): Promise<unknown> {
  if (!response.ok) throw await problemIn(response);
  const text = await response.text();
  return text === "" ? undefined : readJson(text);
}

function addressOf(path: string, { path: parts = {}, query = {} }: AnyRequest): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(parts[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) search.set(name, String(value));
  }
  return search.size > 0 ? `${filled}?${search}` : filled;
}

async function problemIn(response: Response): Promise<Problem> {
  const told = await response
    .text()
    .then(readJson)
    .catch(() => null);
  const details = told as (Omit<ProblemDetails, "status"> & { status: string }) | null;
  const requestId = response.headers.get("X-Request-Id");
  if (details === null || typeof details.code !== "string") {
    return new Problem({
      title: "Something went wrong",
      status: response.status,
      code: UNREADABLE,
      detail: `The server answered ${response.status} without saying why.`,
      requestId,
    });
  }
  return new Problem({ ...details, status: response.status, requestId });
}
