/** The way around: at the side of a wide screen, at the bottom of a small one. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isOperator } from "../api/session";
import { UnreadCount } from "../pages/notifications/UnreadCount";
import { watchUnread } from "../pages/notifications/unread";
import { Icon } from "../ui/Icon";
import { PAGES, type PageName, pageOf } from "./pages";
import { href, route } from "./router";
import { ThemeSwitch } from "./ThemeSwitch";

function shownPages(): PageName[] {
  return (Object.keys(PAGES) as PageName[]).filter((name) => {
    const { icon, forOperators } = pageOf(name);
    return icon !== undefined && (!forOperators || isOperator.value);
  });
}

function PageLink({ name }: { name: PageName }) {
  const { title, icon } = pageOf(name);
  return (
    <a
      class="nav-link"
      href={href(name)}
      aria-current={route.value.page === name ? "page" : undefined}
    >
      {icon && <Icon name={icon} />}
      <span>{title}</span>
      {name === "notifications" && <UnreadCount />}
    </a>
  );
}

export function SideNavigation() {
  useEffect(watchUnread, []);
  return (
    <nav class="side-nav" aria-label="Pages">
      {shownPages().map((name) => (
        <PageLink key={name} name={name} />
      ))}
    </nav>
  );
}

export function BottomNavigation() {
  const isMoreShown = useSignal(false);
  // Wherever one went, it was for going there.
  useSignalEffect(() => {
    route.value;
    isMoreShown.value = false;
  });
  const names = shownPages();
  return (
    <nav class="bottom-nav" aria-label="Pages">
      {isMoreShown.value && (
        <div class="more-pages" id="more-pages">
          {names
            .filter((name) => !pageOf(name).isPrimary)
            .map((name) => (
              <PageLink key={name} name={name} />
            ))}
          <ThemeSwitch />
        </div>
      )}
      {names
        .filter((name) => pageOf(name).isPrimary)
        .map((name) => (
          <PageLink key={name} name={name} />
        ))}
      <button
        type="button"
        class="nav-link"
        aria-expanded={isMoreShown.value}
        aria-controls="more-pages"
        onClick={() => {
          isMoreShown.value = !isMoreShown.value;
        }}
      >
        <Icon name="more" />
        <span>More</span>
        <UnreadCount />
      </button>
    </nav>
  );
}
