// The functions that `cargo xtask bench` calls. It serves this folder, the built page as `dist/`, the case as `case/`.

import { readCase } from "./case.js";
import { profile } from "./ours.js";

/**
 * Trains with a contestant's module for about `seconds`.
 * Resolves to { device, tokens, seconds, span, losses, parameters }: see `Outcome` in the bench.
 */
window.bench = async (module, options, seconds) => {
    const { measure } = await import(`./${module}.js`);
    return measure(await readCase("case/"), options, seconds);
};

/** Where the time of a training step goes with these settings: see `Profile` in `src/model/profile.rs`. */
window.profile = profile;

// Tells the bench that the page has loaded.
document.body.dataset.testid = "status";
