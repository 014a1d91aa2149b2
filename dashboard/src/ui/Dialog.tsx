import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Button, IconButton } from "./Button";

/** A dialog over the page. It is open as long as it is rendered; Escape and ✕ call `onClose`. */
export function Dialog(props: { title: string; children: ComponentChildren; onClose: () => void }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    firstToUse(shown)?.focus();
    return () => {
      shown?.close();
      // The browser gives the focus back only from a dialog that is still in the page.
      const isLost = document.activeElement === null || document.activeElement === document.body;
      if (isLost && before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
    >
      <header class="card-header">
        <h2 id={id}>{props.title}</h2>
        <IconButton icon="close" label="Close" onClick={props.onClose} />
      </header>
      <div class="card-body">{props.children}</div>
    </dialog>
  );
}

// The browser would choose ✕, and Enter would then close what was opened to be answered.
function firstToUse(dialog: HTMLDialogElement | null): HTMLElement | null | undefined {
  return (
    dialog?.querySelector<HTMLElement>(".card-body :is(input, select, textarea):enabled") ??
    dialog?.querySelector<HTMLElement>(".dialog-actions button:last-child:enabled")
  );
}

/** Asks once before something that cannot be taken back. */
export function Confirm(props: {
  title: string;
  children: ComponentChildren;
  /** What pressing it does, such as "Halt trading". */
  action: string;
  isBusy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {props.children}
      <div class="dialog-actions">
        <Button onClick={props.onClose}>Back</Button>
        <Button tone="danger" isBusy={props.isBusy ?? false} onClick={props.onConfirm}>
          {props.action}
        </Button>
      </div>
    </Dialog>
  );
}
