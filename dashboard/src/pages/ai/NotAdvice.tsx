/** Said once on each page that shows what a model says. */
export function NotAdvice() {
  return (
    <p class="not-advice">
      A signal is the opinion of a model, not advice: it can be wrong. You decide, and you bear the
      risk.
    </p>
  );
}
