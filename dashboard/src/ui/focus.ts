/** Where the focus goes when what had it is gone, such as the row of an order that ended. */

/** Gives a lost focus to the page's content, once what is gone has been taken away. */
export function recoverFocus(): void {
  requestAnimationFrame(() => {
    requestAnimationFrame(() => {
      const isLost = document.activeElement === null || document.activeElement === document.body;
      if (isLost) document.getElementById("content")?.focus({ preventScroll: true });
    });
  });
}
