// The functions that `cargo xtask bench` calls. It serves this folder, the built page as `dist/` and the cases as
// `cases/`.

import { readCase } from "./case.js";
import { profile } from "./ours.js";

/**
 * Runs a contestant, the module of this name with its options, on the case of this name, for about `seconds`.
 * Resolves to { device, tokens, seconds, span, losses, parameters }: see `Outcome` in the bench.
 */
window.bench = async (name, module, options, seconds) => {
    const { measure } = await import(`./${module}.js`);
    return measure(await readCase(`cases/${name}/`), options, seconds);
};

/** Times each kernel of a training step with these settings: see `Profile` in `src/model/profile.rs`. */
window.profile = profile;

// Tells the bench that the page is loaded.
document.body.dataset.testid = "status";
