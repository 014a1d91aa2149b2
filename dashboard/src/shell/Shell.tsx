/** What is around every page: the bar at the top, the way around, and what is the matter. */
import { useEffect } from "preact/hooks";
import { profile, signOut } from "../api/session";
import { IconButton } from "../ui/Button";
import { ConnectionBanner, ConnectionWord } from "./ConnectionStatus";
import { Equity } from "./Equity";
import { BottomNavigation, SideNavigation } from "./Navigation";
import { PageView } from "./PageView";
import { pageOf } from "./pages";
import { href, route } from "./router";
import { ThemeSwitch } from "./ThemeSwitch";
import { TradingStateBanner } from "./TradingStateBanner";

export function Shell() {
  const { title } = pageOf(route.value.page);
  useEffect(() => {
    document.title = `${title} · Bot Core`;
  }, [title]);
  return (
    <div class="shell">
      {/* biome-ignore lint/a11y/useValidAnchor: it does lead to an anchor, without a route */}
      <a class="skip-link" href="#content" onClick={skipToContent}>
        Skip to the content
      </a>
      <TopBar />
      <SideNavigation />
      <main class="content" id="content" tabIndex={-1}>
        <ConnectionBanner />
        <TradingStateBanner />
        <PageView />
      </main>
      <BottomNavigation />
    </div>
  );
}

// The address is the route: an anchor of its own would lead somewhere else.
function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function TopBar() {
  return (
    <header class="top-bar">
      <a class="brand" href={href("market")}>
        <img src="/icon.svg" alt="" width="24" height="24" />
        <span>Bot Core</span>
      </a>
      <ConnectionWord />
      <div class="top-bar-end">
        <Equity />
        <span class="top-name">{profile.value?.full_name}</span>
        <ThemeSwitch />
        <IconButton icon="out" label="Sign out" onClick={() => void signOut()} />
      </div>
    </header>
  );
}
