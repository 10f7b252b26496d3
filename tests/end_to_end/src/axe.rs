//! Accessibility checks with axe-core.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::Visit;

/// Where `npm ci` installs it, relative to this package.
const AXE: &str = "node_modules/axe-core/axe.min.js";

/// Returns every violation: rule, explanation and elements.
const RUN: &str = "
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.map(node => node.target.join(' ')).join(', ')}`);";

impl Visit {
    /// Fails if axe-core finds a violation in the page's current state, which `what` describes.
    pub async fn check_accessibility(&self, what: &str) -> Result<()> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(AXE);
        let axe = fs::read_to_string(&file).with_context(|| {
            format!("{} is not there: run `cargo xtask test --only end-to-end`, or `npm ci` beside it", file.display())
        })?;
        self.script(&axe, vec![]).await?;
        let violations = self.script(&format!("return (async () => {{ {RUN} }})()"), vec![]).await?;
        let violations: Vec<&str> = violations.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        ensure!(violations.is_empty(), "what axe-core finds {what}: {violations:#?}");
        Ok(())
    }
}
