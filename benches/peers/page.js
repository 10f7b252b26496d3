// What `cargo xtask bench` calls. It serves this folder, the built page as `dist/` and its case as `case/`.

import { readCase } from "./case.js";
import { profile } from "./ours.js";

/**
 * Has a contestant train for about so many seconds: its module here, and what that module wants to know.
 * Resolves to { device, tokens, seconds, span, losses, parameters }: see `Outcome` in the bench.
 */
window.bench = async (module, options, seconds) => {
    const { measure } = await import(`./${module}.js`);
    return measure(await readCase("case/"), options, seconds);
};

/** Where the time of a training step goes with these settings: see `Profile` in `src/protocol.rs`. */
window.profile = profile;

// The sign that the page is there.
document.body.dataset.testid = "status";
