/** Settings: who one is, the password, the venue's keys, the looks, and what this is. */
import { api, type Schema } from "../../api/client";
import { useResource } from "../../api/resource";
import { profile, signOut } from "../../api/session";
import { type Theme, theme } from "../../shell/theme";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { Segmented } from "../../ui/Choice";
import { Moment } from "../../ui/Moment";
import { Loaded } from "../../ui/states";
import { PasswordForm } from "./PasswordForm";
import { VenueKeys } from "./VenueKeys";
import { venueWords } from "./venues";

export default function SettingsPage() {
  const config = useResource((signal) => api.get("/api/config", { signal }), []);
  return (
    <>
      <h1 class="page-title">Settings</h1>
      <div class="columns">
        <div class="stack">
          <ProfileCard />
          <Card title="Colours">
            <Segmented
              label="Colours"
              value={theme.value}
              choices={THEMES}
              onChange={(choice) => {
                theme.value = choice;
              }}
            />
          </Card>
          <Card title="About Bot Core">
            <Loaded of={config}>{(value) => <About config={value} />}</Loaded>
          </Card>
        </div>
        <Card title="Keys at the venue">
          <Loaded of={config}>{({ venue }) => <VenueKeys venue={venueWords(venue)} />}</Loaded>
        </Card>
        <Card title="Password">
          <PasswordForm email={profile.value?.email ?? ""} />
        </Card>
      </div>
    </>
  );
}

const THEMES: readonly (readonly [Theme, string])[] = [
  ["light", "Light"],
  ["dark", "Dark"],
  ["system", "As the system"],
];

function ProfileCard() {
  const person = profile.value;
  if (person === null) return null;
  return (
    <Card
      title="Profile"
      actions={
        <Button isSmall icon="out" onClick={() => void signOut()}>
          Sign out
        </Button>
      }
    >
      <Facts
        facts={[
          ["Name", person.full_name],
          ["E-mail address", person.email],
          ["Roles", person.roles.length > 0 ? person.roles.join(", ") : "none"],
          ["Account made", <Moment key="made" at={person.created_at} />],
          ["Last sign-in", <Moment key="last" at={person.last_login} />],
        ]}
      />
    </Card>
  );
}

function About({ config }: { config: Schema<"Configuration"> }) {
  return (
    <Facts
      facts={[
        ["Version", config.version],
        ["Venue", venueWords(config.venue).name],
        ["Interface", <Outside key="docs" to="/docs" text="Reference" />],
        ["OpenAPI", <Outside key="openapi" to="/openapi.json" text="Document" />],
      ]}
    />
  );
}

function Outside({ to, text }: { to: string; text: string }) {
  return (
    <a href={to} target="_blank" rel="noreferrer">
      {text}
    </a>
  );
}
