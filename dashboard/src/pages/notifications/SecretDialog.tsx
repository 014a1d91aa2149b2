import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";

/** The secret of a webhook, this once. */
export function SecretDialog(props: { name: string; secret: string; onClose: () => void }) {
  const id = useId();
  const isCopied = useSignal(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.secret);
      isCopied.value = true;
    } catch {
      toast("The browser does not let the page copy; select the secret and copy it.", "bad");
    }
  };
  return (
    <Dialog title={`Signing secret of ${props.name}`} onClose={props.onClose}>
      <div class="form">
        <p>
          <strong>This is shown once.</strong> Keep it where your server reads its secrets. If it
          gets lost, edit the target and make a new one.
        </p>
        <div class="field">
          <label for={id} class="field-label">
            Signing secret
          </label>
          <input id={id} class="input secret" type="text" readOnly value={props.secret} />
          <p class="field-hint">
            Your server checks the signature of every message with it, as Standard Webhooks has it.
          </p>
        </div>
        <div class="dialog-actions">
          <Button
            icon={isCopied.value ? "check" : "layers"}
            tone={isCopied.value ? "plain" : "primary"}
            onClick={() => void copy()}
          >
            {isCopied.value ? "Copied" : "Copy"}
          </Button>
          <Button tone={isCopied.value ? "primary" : "plain"} onClick={props.onClose}>
            I have kept it
          </Button>
        </div>
        <p class="visually-hidden" role="status">
          {isCopied.value && "The secret is copied."}
        </p>
      </div>
    </Dialog>
  );
}
