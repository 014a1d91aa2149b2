import type { PagedList } from "../api/resource";
import { Button } from "./Button";

/** The way to the rest of a list, where there is more of it. */
export function LoadMore<Item>({ of: list }: { of: PagedList<Item> }) {
  if (!list.hasMore) return null;
  return (
    <div class="load-more">
      <Button isBusy={list.isLoadingMore} onClick={list.loadMore}>
        Load more
      </Button>
    </div>
  );
}
