/** The way in: sign in, or make a user. */
import { useSignal } from "@preact/signals";
import { type Problem, problemOf } from "../api/problem";
import { register, session, signIn } from "../api/session";
import { Button } from "../ui/Button";
import { Tabs } from "../ui/Choice";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { ThemeSwitch } from "./ThemeSwitch";

type Way = "sign-in" | "register";

const WAYS = [
  ["sign-in", "Sign in"],
  ["register", "Create an account"],
] as const;

export function SignIn() {
  const way = useSignal<Way>("sign-in");
  const email = useSignal("");
  const password = useSignal("");
  const fullName = useSignal("");
  const problem = useSignal<Problem | null>(null);
  const isBusy = useSignal(false);
  const isNew = way.value === "register";

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    isBusy.value = true;
    problem.value = null;
    try {
      if (isNew) await register(email.value, password.value, fullName.value);
      else await signIn(email.value, password.value);
    } catch (thrown) {
      problem.value = problemOf(thrown);
    }
    isBusy.value = false;
  };
  const wrong = (field: string) => problem.value?.fieldMessage(field);

  return (
    <main class="sign-in">
      <div class="sign-in-panel">
        <h1 class="brand brand-large">
          <img src="/icon.svg" alt="" width="36" height="36" /> Bot Core
        </h1>
        <Tabs
          label="Way in"
          value={way.value}
          choices={WAYS}
          onChange={(chosen) => {
            way.value = chosen;
            problem.value = null;
          }}
        >
          <form class="form" onSubmit={submit}>
            <WhyHere />
            {isNew && (
              <Field
                label="Name"
                value={fullName}
                autocomplete="name"
                required
                error={wrong("full_name")}
              />
            )}
            <Field
              label="E-mail address"
              type="email"
              value={email}
              autocomplete="email"
              required
              error={wrong("email")}
            />
            <Field
              label="Password"
              type="password"
              value={password}
              autocomplete={isNew ? "new-password" : "current-password"}
              required
              error={wrong("password") ?? wrong("new_password")}
            />
            {problem.value && (
              <p class="form-error" role="alert">
                <Icon name="alert" /> {problem.value.message}
              </p>
            )}
            <Button type="submit" tone="primary" isWide isBusy={isBusy.value}>
              {isNew ? "Create account" : "Sign in"}
            </Button>
          </form>
        </Tabs>
        <ThemeSwitch />
      </div>
    </main>
  );
}

const REASONS = {
  ended: "Your sign-in has ended. Sign in to go on where you were.",
  "signing-out": "Signing out…",
  "signed-out": "You have signed out.",
  unheard:
    "You have signed out here, but the server could not be told. Where others use this " +
    "browser, sign in and out again once it can be reached.",
};

function WhyHere() {
  const now = session.value;
  if (now.phase !== "signed-out" || now.because === "never") return null;
  return (
    <p class="form-note" role="status">
      {REASONS[now.because]}
    </p>
  );
}
