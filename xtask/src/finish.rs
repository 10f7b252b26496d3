//! What trunk's build lacks to be published: the kernels, for the notes that show them; the CPU engine's module; shorter
//! scripts; a page that is seen before its program is there, without inline scripts, as its Content-Security-Policy
//! demands; and a service worker that knows every file. Trunk calls this as its last hook.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::cores;
use crate::shell::root;
use crate::shorten::{shorten, without_comments};
use crate::standing::{join_styles, translate};

const PAGE: &str = "index.html";
const WORKER: &str = "service-worker.js";

/// Digits of a file's SHA-256 that the service worker compares: digests don't compress, and files of another version are
/// no adversaries.
const DIGITS: usize = 20;

/// Part of the live-reload script that `trunk serve` adds: a page that contains it is a development build.
const RELOADS: &str = ".well-known/trunk/ws";

/// Finishes the page in the folder that trunk names.
pub fn finish() -> Result<()> {
    let folder = std::env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from);
    let folder = folder.context("trunk calls this after a build; to have one, run `cargo xtask build`")?;
    copy_kernels(&root().join("src/kernels"), &folder.join("shaders"))?;
    cores::build(&folder)?;
    shorten(&folder)?;
    finish_folder(&folder)
}

/// Copies every WGSL file from the modules' folders into one folder.
fn copy_kernels(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for module in fs::read_dir(from)? {
        let module = module?.path();
        if !module.is_dir() {
            continue;
        }
        for file in fs::read_dir(module)? {
            let file = file?.path();
            if let (Some(name), Some("wgsl")) = (file.file_name(), file.extension().and_then(|x| x.to_str())) {
                fs::copy(&file, to.join(name)).with_context(|| format!("{} can't be copied", file.display()))?;
            }
        }
    }
    Ok(())
}

fn finish_folder(folder: &Path) -> Result<()> {
    let page = folder.join(PAGE);
    let html = fs::read_to_string(&page).with_context(|| format!("{} can't be read", page.display()))?;
    let worked_on = html.contains(RELOADS);
    let styled =
        join_styles(&translate(&html)?, folder, |styles| format!("style-{}.css", &sha256(styles.as_bytes())[..16]))?;
    let (html, scripts) = move_scripts(&styled)?;
    for (name, script) in scripts {
        fs::write(folder.join(name), script)?;
    }
    fs::write(&page, html)?;
    let source =
        |name| fs::read_to_string(root().join("assets").join(name)).with_context(|| format!("no assets/{name}"));
    let worker = match worked_on {
        true => source("no-service-worker.js")?,
        false => about(folder)? + &without_comments(&source(WORKER)?),
    };
    Ok(fs::write(folder.join(WORKER), worker)?)
}

/// The page without inline scripts, and their names and contents as files. `trunk serve` inserts its address only into
/// scripts in the page, so the placeholders are replaced here, by the page's own host.
fn move_scripts(html: &str) -> Result<(String, Vec<(String, String)>)> {
    let (mut out, mut rest, mut scripts) = (String::new(), html, Vec::new());
    while let Some(start) = rest.find("<script") {
        let open = start + rest[start..].find('>').context("a script's tag has no end")? + 1;
        let end = open + rest[open..].find("</script>").context("a script has no end")?;
        let (tag, script) = (&rest[start..open - 1], rest[open..end].trim());
        out += &rest[..start];
        if script.is_empty() {
            out += &rest[start..end];
        } else {
            let script =
                script.replace("'{{__TRUNK_ADDRESS__}}'", "window.location.host").replace("{{__TRUNK_WS_BASE__}}", "/");
            let name = format!("start-{}.js", &sha256(script.as_bytes())[..16]);
            out += &format!("{tag} src=\"./{name}\">");
            scripts.push((name, script));
        }
        rest = &rest[end..];
    }
    Ok((out + rest, scripts))
}

/// The constants for the service worker: the version of the page, and the beginning of the SHA-256 of each file.
fn about(folder: &Path) -> Result<String> {
    let mut files = BTreeMap::new();
    list(folder, folder, &mut files)?;
    files.remove(WORKER);
    ensure!(files.contains_key(PAGE), "{} holds no page", folder.display());
    let all: String = files.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect();
    let files: Vec<String> = files.iter().map(|(name, digest)| format!("    {name:?}: {digest:?},\n")).collect();
    Ok(format!("const VERSION = {:?};\nconst FILES = {{\n{}}};\n\n", &sha256(all.as_bytes())[..16], files.concat()))
}

/// Adds every file in a folder, by its path relative to the page, with the beginning of its SHA-256.
fn list(top: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(top, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(top)?.components().map(|part| part.as_os_str().to_string_lossy());
        let name = name.collect::<Vec<_>>().join("/");
        if name.contains(|c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c)) {
            bail!("{name} can't stand in an address as it is: rename it");
        }
        files.insert(name, sha256(&fs::read(&path)?)[..DIGITS].to_owned());
    }
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_is_copied_by_its_name() {
        let folder = std::env::temp_dir().join(format!("time-traveller-kernels-{}", std::process::id()));
        copy_kernels(&root().join("src/kernels"), &folder).unwrap();
        let copied: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        for name in ["step_forward.wgsl", "sgd_update.wgsl", "common.wgsl"] {
            assert!(copied.iter().any(|copied| copied == name), "{copied:?}");
        }
        assert!(copied.iter().all(|name| name.to_string_lossy().ends_with(".wgsl")), "{copied:?}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn inline_scripts_become_files() {
        let html = "<head>\n<script type=\"module\">\nimport x;\n</script>\n<script src=\"a.js\"></script></head>";
        let (html, scripts) = move_scripts(html).unwrap();
        let [(name, script)] = &scripts[..] else { panic!("{scripts:?}") };
        assert_eq!(script, "import x;");
        let expected = format!("<script type=\"module\" src=\"./{name}\"></script>\n<script src=\"a.js\"></script>");
        assert_eq!(html, format!("<head>\n{expected}</head>"));
        assert!(move_scripts("<script>never ends").is_err());
    }

    #[test]
    fn the_service_worker_knows_every_file_and_the_version_follows_them() {
        let folder = std::env::temp_dir().join(format!("time-traveller-finish-{}", std::process::id()));
        fs::create_dir_all(folder.join("shaders")).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        let worker = || {
            finish_folder(&folder).unwrap();
            fs::read_to_string(folder.join(WORKER)).unwrap()
        };
        write(PAGE, "<p>");
        write("shaders/a.wgsl", "abc");
        let first = worker();
        let digest = "ba7816bf8f01cfea4141";
        assert!(first.contains(&format!("\"shaders/a.wgsl\": \"{digest}\"")), "{first}");
        assert!(first.starts_with("const VERSION") && first.contains("addEventListener") && !first.contains(WORKER));
        assert_eq!(worker(), first);
        write("shaders/a.wgsl", "abd");
        assert_ne!(worker().lines().next(), first.lines().next());
        write(PAGE, "<script>connect('{{__TRUNK_ADDRESS__}}' + '.well-known/trunk/ws')</script>");
        assert!(worker().contains("unregister"), "a page that is worked on is not kept");
        fs::remove_dir_all(folder).unwrap();
    }
}
