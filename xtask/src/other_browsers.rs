//! Firefox and WebKitGTK, in which a short way through the page is walked where they are or can be installed.

use std::path::PathBuf;

use anyhow::Result;

use crate::browser::named;
use crate::shell::{cargo, find, run, say};
use crate::{apt, tools};

/// A browser of another engine than Chrome's.
struct Other {
    name: &'static str,
    /// Its packages, by Debian's names.
    packages: &'static [&'static str],
    /// What it takes besides, where there are no such packages.
    otherwise: &'static str,
    /// Programs that must be there, each with the variable that may name another.
    programs: &'static [Program],
    /// Its test in `tests/end_to_end/tests/browsers.rs`.
    test: &'static str,
}

struct Program {
    variable: &'static str,
    names: &'static [&'static str],
}

const FIREFOX: Program = Program { variable: "FIREFOX", names: &["firefox-esr", "firefox"] };
const GECKODRIVER: Program = Program { variable: "GECKODRIVER", names: &["geckodriver"] };

const OTHERS: [Other; 2] = [FIREFOX_BROWSER, WEBKIT];

const FIREFOX_BROWSER: Other = Other {
    name: "Firefox",
    packages: &["firefox-esr"],
    otherwise: "Firefox and geckodriver",
    programs: &[FIREFOX, GECKODRIVER],
    test: "in_firefox",
};

const WEBKIT: Other = Other {
    name: "WebKitGTK",
    packages: &["webkit2gtk-driver", "xvfb"],
    otherwise: "WebKitGTK's MiniBrowser with WebKitWebDriver, and Xvfb",
    programs: &[
        Program { variable: "WEBKITDRIVER", names: &["WebKitWebDriver"] },
        Program { variable: "XVFB", names: &["Xvfb"] },
    ],
    test: "in_webkit",
};

impl Program {
    fn find(&self) -> Option<PathBuf> {
        named(self.variable).ok().flatten().or_else(|| self.names.iter().find_map(find))
    }
}

impl Other {
    fn is_there(&self) -> bool {
        self.programs.iter().all(|program| program.find().is_some())
    }

    fn left_out(&self) -> String {
        format!("{}: to try it too, install {}", self.name, self.otherwise)
    }
}

/// Installs what can be installed; a browser that is not there then is left out.
pub fn set_up() -> Result<()> {
    for Other { packages, programs, .. } in OTHERS.iter().filter(|other| !other.is_there()) {
        if programs.iter().any(|program| program.variable != GECKODRIVER.variable && program.find().is_none()) {
            apt::install(packages);
        }
    }
    if FIREFOX.find().is_some()
        && GECKODRIVER.find().is_none()
        && let Err(error) = tools::geckodriver()
    {
        say(format!("{error:#}"));
    }
    Ok(())
}

/// What is left out here, a line for each browser.
pub fn left_out() -> Vec<String> {
    OTHERS.iter().filter(|other| !other.is_there()).map(Other::left_out).collect()
}

/// Walks through the page in each browser that is there.
pub fn walk() -> Result<()> {
    let there: Vec<&Other> = OTHERS.iter().filter(|other| other.is_there()).collect();
    if there.is_empty() {
        return Ok(());
    }
    let mut tests = cargo(["test", "--package", "end-to-end", "--test", "browsers", "--"]);
    tests.args(there.iter().map(|other| other.test));
    tests.args(["--exact", "--ignored", "--test-threads=1", "--nocapture"]);
    for program in there.iter().flat_map(|other| other.programs) {
        tests.envs(program.find().map(|path| (program.variable, path)));
    }
    run(tests)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::shell::root;

    #[test]
    fn each_browser_has_its_test_and_a_line_for_where_it_is_not() {
        let tests = fs::read_to_string(root().join("tests/end_to_end/tests/browsers.rs")).unwrap();
        for other in &OTHERS {
            assert!(tests.contains(&format!("async fn {}()", other.test)), "{}", other.name);
        }
        let programs = &[Program { variable: "NO_SUCH_BROWSER", names: &["no-such-browser"] }];
        let missing = Other { programs, ..FIREFOX_BROWSER };
        assert!(!missing.is_there());
        assert_eq!(missing.left_out(), "Firefox: to try it too, install Firefox and geckodriver");
    }
}
