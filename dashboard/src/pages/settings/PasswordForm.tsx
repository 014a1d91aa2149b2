/** Another password, which ends every other sign-in. */
import { useSignal } from "@preact/signals";
import { useAct } from "../../api/act";
import { api } from "../../api/client";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { type PasswordErrors, passwordErrors } from "./passwords";

export function PasswordForm({ email }: { email: string }) {
  const current = useSignal("");
  const fresh = useSignal("");
  const repeated = useSignal("");
  const errors = useSignal<PasswordErrors>({});
  const isDone = useSignal(false);

  const change = useAct(async () => {
    await api.post("/api/auth/change-password", {
      body: { current_password: current.value, new_password: fresh.value },
    });
    for (const field of [current, fresh, repeated]) field.value = "";
    isDone.value = true;
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const typed = { current: current.value, fresh: fresh.value, repeated: repeated.value };
    errors.value = passwordErrors(typed);
    if (Object.keys(errors.value).length === 0) change.run();
  };
  const onChange = () => {
    errors.value = {};
    isDone.value = false;
    change.forget();
  };
  const refused = change.problem;
  const isWrong = refused?.code === "INVALID_CREDENTIALS";
  const isToldAtField = isWrong || (refused?.details.errors?.length ?? 0) > 0;

  return (
    <form class="form" noValidate onSubmit={submit}>
      {/* Tells password managers whose password it is. */}
      <input
        type="email"
        class="visually-hidden"
        autocomplete="username"
        value={email}
        aria-label="E-mail address"
        tabIndex={-1}
        readOnly
      />
      <Field
        label="Current password"
        type="password"
        autocomplete="current-password"
        value={current}
        onChange={onChange}
        error={
          errors.value.current ??
          (isWrong ? "This is not your password" : refused?.fieldMessage("current_password"))
        }
      />
      <Field
        label="New password"
        type="password"
        autocomplete="new-password"
        value={fresh}
        onChange={onChange}
        hint="At least 8 characters; a sentence is easier to keep in mind than signs."
        error={errors.value.fresh ?? refused?.fieldMessage("new_password")}
      />
      <Field
        label="New password again"
        type="password"
        autocomplete="new-password"
        value={repeated}
        onChange={onChange}
        error={errors.value.repeated}
      />
      <p class="form-note">
        Every other sign-in ends; one that is open elsewhere may go on for up to 15 minutes.
      </p>
      {refused && !isToldAtField && (
        <p class="form-error" role="alert">
          <Icon name="alert" /> {refused.message}
        </p>
      )}
      <div class="row">
        <Button type="submit" isBusy={change.isBusy}>
          Change password
        </Button>
        <span role="status" class="up">
          {isDone.value && "Changed. Every other sign-in has ended."}
        </span>
      </div>
    </form>
  );
}
