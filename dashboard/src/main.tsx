/** Starts the dashboard. */
import { render } from "preact";
import { startSession } from "./api/session";
import { App } from "./shell/App";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
void startSession();
render(<App />, root);
