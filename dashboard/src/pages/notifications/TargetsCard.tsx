/** Where one is told things. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { problemOf } from "../../api/problem";
import { href } from "../../shell/router";
import { toast } from "../../shell/toasts";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Confirm } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Badge } from "../../ui/numbers";
import { Empty } from "../../ui/states";
import { eventLook } from "./events";
import { FormProblem } from "./FormProblem";
import { SecretDialog } from "./SecretDialog";
import { sendTest } from "./sendTest";
import { TargetDialog } from "./TargetDialog";
import {
  MOST_TARGETS,
  newTarget,
  TARGET_KINDS,
  type Target,
  type TargetForm,
  targetFormOf,
  wishesWithout,
} from "./targets";
import { readSettings, type SettingsProps, useSave } from "./useSettings";

export function TargetsCard(props: SettingsProps) {
  const { targets } = props.settings;
  const form = useSignal<TargetForm | null>(null);
  const removing = useSignal<Target | null>(null);
  const secret = useSignal<{ name: string; secret: string } | null>(null);
  const add = () => {
    form.value = newTarget();
  };
  const isFull = targets.length >= MOST_TARGETS;
  return (
    <Card
      title="Targets"
      isFlush
      actions={
        <Button isSmall icon="plus" disabled={isFull} onClick={add}>
          Add a target
        </Button>
      }
    >
      {targets.length === 0 ? (
        <Empty icon="bell" title="Nothing is sent anywhere">
          Notifications are in the list here. Add a webhook, an e-mail address or a chat to hear of
          them elsewhere, too.
        </Empty>
      ) : (
        <ul class="targets">
          {targets.map((target) => (
            <TargetItem
              key={target.target_id}
              target={target}
              onEdit={() => {
                form.value = targetFormOf(target);
              }}
              onRemove={() => {
                removing.value = target;
              }}
            />
          ))}
        </ul>
      )}
      {isFull && <p class="targets-note muted">There can be {MOST_TARGETS} targets at most.</p>}
      {form.value && (
        <TargetDialog
          {...props}
          form={form.value}
          onClose={() => {
            form.value = null;
          }}
          onSaved={(saved, index) => {
            form.value = null;
            const target = saved.targets[index];
            toast(`Saved ${target?.name ?? "the target"}`, "good");
            if (target?.secret) secret.value = { name: target.name, secret: target.secret };
          }}
        />
      )}
      {removing.value && (
        <RemoveTarget
          {...props}
          target={removing.value}
          onClose={() => {
            removing.value = null;
          }}
        />
      )}
      {secret.value && (
        <SecretDialog
          {...secret.value}
          onClose={() => {
            secret.value = null;
          }}
        />
      )}
    </Card>
  );
}

function TargetItem(props: { target: Target; onEdit: () => void; onRemove: () => void }) {
  const { target } = props;
  const { isTesting, test } = useTest(target);
  return (
    <li class="target">
      <div class="target-main">
        <p class="log-words">
          {target.name}
          <Badge>{TARGET_KINDS[target.kind].words}</Badge>
          {!target.enabled && (
            <Badge tone="warning">
              <span class="sign">
                <Icon name="alert" /> Off
              </span>
            </Badge>
          )}
        </p>
        <p class="muted target-address">{target.address}</p>
        <p class="field-hint">
          {eventsText(target)} · at most {target.max_per_minute} a minute
        </p>
        {target.disabled_reason && (
          <p class="warning-text">Nothing is sent here any more: {target.disabled_reason}.</p>
        )}
      </div>
      <div class="row">
        <Button isSmall isBusy={isTesting} label={`Send a test to ${target.name}`} onClick={test}>
          Send a test
        </Button>
        <Button isSmall label={`Edit ${target.name}`} onClick={props.onEdit}>
          Edit
        </Button>
        <Button isSmall tone="danger" label={`Remove ${target.name}`} onClick={props.onRemove}>
          Remove
        </Button>
      </div>
    </li>
  );
}

function eventsText({ events }: Target): string {
  if (events === null) return "Everything you are told of";
  if (events.length === 0) return "No events";
  const [first = ""] = events;
  const rest = events.length - 1;
  return rest === 0 ? eventLook(first).words : `${eventLook(first).words} and ${rest} more`;
}

function useTest(target: Target) {
  const isTesting = useSignal(false);
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);
  const test = async () => {
    isTesting.value = true;
    const deliveries = href("notifications", "deliveries");
    try {
      const ended = await sendTest(target.target_id, abort.current.signal);
      const { name } = target;
      if (ended === null) toast(`The test of ${name} is still on its way`, "neutral", deliveries);
      else if (ended.state === "DELIVERED") toast(`${name} has taken the test`, "good");
      else toast(`The test of ${name} failed: ${ended.detail}`, "bad", deliveries);
    } catch (thrown) {
      if (!abort.current.signal.aborted) toast(problemOf(thrown).message, "bad");
    }
    isTesting.value = false;
  };
  return { isTesting: isTesting.value, test: () => void test() };
}

function RemoveTarget(props: SettingsProps & { target: Target; onClose: () => void }) {
  const { target, onClose } = props;
  const { save, isBusy, problem } = useSave(props.replace);
  const remove = async () => {
    const saved = await save(async () => ({
      targets: wishesWithout((await readSettings()).targets, target.target_id),
    }));
    if (saved === null) return;
    toast(`Removed ${target.name}`, "good");
    onClose();
  };
  return (
    <Confirm
      title={`Remove ${target.name}?`}
      action="Remove"
      isBusy={isBusy}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>
        Nothing is sent to {target.address} any more, and its address is forgotten. The other
        targets are told that it is gone.
      </p>
      <FormProblem problem={problem} />
    </Confirm>
  );
}
