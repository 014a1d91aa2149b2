/** The page that the address names; its code comes when it is first asked for. */
import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Problem, problemOf } from "../api/problem";
import { isOperator } from "../api/session";
import { Empty, ErrorCard, Skeleton } from "../ui/states";
import { type PageName, type PageProps, pageOf } from "./pages";
import { route } from "./router";

type Loaded = { name: PageName; page: ComponentType<PageProps> };

export function PageView() {
  const { page: name, parameter } = route.value;
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    let isCurrent = true;
    setProblem(null);
    pageOf(name)
      .load()
      .then(
        (module) => isCurrent && setLoaded({ name, page: module.default }),
        (thrown) => isCurrent && setProblem(problemOf(thrown)),
      );
    return () => {
      isCurrent = false;
    };
  }, [name, turn]);

  if (pageOf(name).forOperators && !isOperator.value) {
    return (
      <>
        <h1 class="page-title">{pageOf(name).title}</h1>
        <Empty icon="shield" title="For operators only">
          Ask one, or sign in as one.
        </Empty>
      </>
    );
  }
  if (problem) return <ErrorCard problem={problem} onRetry={() => setTurn(turn + 1)} />;
  if (loaded?.name !== name) return <Skeleton lines={8} />;
  return (
    <Guard key={name} place={`${name}/${parameter ?? ""}`}>
      <loaded.page parameter={parameter} />
    </Guard>
  );
}

interface GuardProps {
  place: string;
  children: ComponentChildren;
}

/** Keeps a page that breaks from taking the whole dashboard along. */
class Guard extends Component<GuardProps, { problem: Problem | null }> {
  override state = { problem: null };

  override componentDidUpdate(before: GuardProps): void {
    if (before.place !== this.props.place && this.state.problem) this.setState({ problem: null });
  }

  override componentDidCatch(thrown: unknown): void {
    reportError(thrown);
    this.setState({ problem: problemOf(thrown) });
  }

  override render() {
    const { problem } = this.state;
    if (problem === null) return this.props.children;
    return <ErrorCard problem={problem} onRetry={() => this.setState({ problem: null })} />;
  }
}
