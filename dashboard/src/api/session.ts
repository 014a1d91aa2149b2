/**
 * Who is signed in. The access token lives in memory only; the refresh token is a cookie that
 * no script can read.
 *
 * A refresh token is worth one use, and a second use ends the sign-in: tabs take turns.
 */
import { computed, signal } from "@preact/signals";
import { remember, remembered } from "../shell/remembered";
import { contentOf, type Schema, send } from "./client";
import { Problem, problemOf } from "./problem";

type SignInAnswer = Schema<"SignInAnswer">;
/** The person who is signed in. */
export type Profile = Schema<"ProfileAnswer">;

/** What is known of who is signed in. */
export type Session =
  | { phase: "starting" }
  | { phase: "unreachable"; problem: Problem }
  | { phase: "signed-out"; because: "never" | "ended" | "signing-out" | "signed-out" | "unheard" }
  | { phase: "signed-in"; profile: Profile };

/** Who is signed in, for everybody who wants to know. */
export const session = signal<Session>({ phase: "starting" });

/** The person who is signed in, null while nobody is. */
export const profile = computed(() =>
  session.value.phase === "signed-in" ? session.value.profile : null,
);

/** Whether this person may see what only operators do. */
export const isOperator = computed(() => profile.value?.roles.includes("operator") ?? false);

// Renewed so long before its end that a slow call still arrives with a token that lives.
const RENEW_BEFORE_MS = 60_000;
const TURN = "botcore-refresh";

interface Access {
  token: string;
  renewAt: number;
}

let access: Access | null = null;
let renewal: Promise<string> | null = null;
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("botcore");

/** Finds out whether this browser is signed in already. */
export async function startSession(): Promise<void> {
  session.value = { phase: "starting" };
  access = null;
  // Where nobody signed in there is nothing to renew, and no call to fail.
  if (remembered("signed-in", ["yes", "no"], "no") === "no") return leave("never");
  try {
    await renewAccess(null);
  } catch (thrown) {
    const problem = problemOf(thrown);
    if (!meansSignedOut(problem)) session.value = { phase: "unreachable", problem };
  }
}

/** Signs in. @throws Problem */
export async function signIn(email: string, password: string): Promise<void> {
  await enter("/api/auth/login", { email, password });
}

/** Makes a user, who is signed in at once. @throws Problem */
export async function register(email: string, password: string, fullName: string): Promise<void> {
  await enter("/api/auth/register", { email, password, full_name: fullName });
}

/** Signs out, here and in every other tab; says so once the server has heard it. */
export async function signOut(): Promise<void> {
  const token = access?.token ?? null;
  leave("signing-out");
  tabs?.postMessage("signed-out");
  // Whoever closes the page at once has signed out, too.
  const request = { body: {}, keepalive: true };
  const response = await takingTurns(() => send("POST", "/api/auth/logout", request, token)).catch(
    () => null,
  );
  if (session.peek().phase === "signed-out") leave(response?.ok ? "signed-out" : "unheard");
}

/** A token that lives, null while nobody is signed in. @throws Problem */
export async function accessToken(): Promise<string | null> {
  if (access === null) return null;
  return Date.now() < access.renewAt ? access.token : renewAccess(access.token);
}

/**
 * A token in the place of one that ran out. Whoever asks at the same time gets the same one.
 *
 * @throws Problem; the session has ended where its code says so.
 */
export function renewAccess(old: string | null): Promise<string> {
  if (access !== null && access.token !== old) return Promise.resolve(access.token);
  renewal ??= takingTurns(refresh).finally(() => {
    renewal = null;
  });
  return renewal;
}

async function refresh(): Promise<string> {
  const response = await send("POST", "/api/auth/refresh", { body: {} }, null);
  try {
    return await accept((await contentOf(response)) as SignInAnswer);
  } catch (thrown) {
    if (meansSignedOut(thrown)) leave("ended");
    throw thrown;
  }
}

async function enter(path: string, body: Record<string, string>): Promise<void> {
  try {
    const answer = await takingTurns(async () => {
      const response = await send("POST", path, { body: { ...body, refresh_in: "cookie" } }, null);
      return (await contentOf(response)) as SignInAnswer;
    });
    await accept(answer);
  } catch (thrown) {
    throw problemOf(thrown);
  }
}

async function accept(answer: SignInAnswer): Promise<string> {
  const lifeMs = Number(answer.expires_in) * 1_000;
  access = { token: answer.token, renewAt: Date.now() + lifeMs - RENEW_BEFORE_MS };
  const known = profile.peek();
  // Somebody else signed in in another tab: nothing that is on this page is theirs.
  if (known !== null && known.id !== answer.user.id) location.reload();
  if (known === null) {
    const response = await send("GET", "/api/auth/me", {}, answer.token);
    session.value = { phase: "signed-in", profile: (await contentOf(response)) as Profile };
  }
  remember("signed-in", "yes");
  return answer.token;
}

function leave(because: Extract<Session, { phase: "signed-out" }>["because"]): void {
  access = null;
  remember("signed-in", "no");
  session.value = { phase: "signed-out", because };
}

function meansSignedOut(thrown: unknown): boolean {
  return thrown instanceof Problem && (thrown.status === 401 || thrown.status === 422);
}

function takingTurns<T>(work: () => Promise<T>): Promise<T> {
  // Only browsers that call this page insecure have no locks.
  if (!("locks" in navigator)) return work();
  return navigator.locks.request(TURN, work) as Promise<T>;
}

tabs?.addEventListener("message", () => {
  if (session.peek().phase === "signed-in") leave("signed-out");
});
