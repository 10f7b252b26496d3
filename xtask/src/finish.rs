//! What trunk's build lacks to be published: the kernels, for the notes that show them; the CPU engine's module; shorter
//! scripts; a page that is seen before its program is there, without inline scripts, as its Content-Security-Policy
//! demands, with the address of its picture for those who share it; and a service worker that knows every file. Trunk calls
//! this as its last hook.

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

/// The picture that is shown of a link to the page, which no visitor loads.
const PICTURE: &str = "share.png";
/// Its size in pixels, and the most bytes that are worth sending.
const PICTURE_SIZE: [u32; 2] = [1200, 630];
const PICTURE_BYTES: usize = 150_000;

/// The environment variable with the address at which the page will be.
const SITE_URL: &str = "SITE_URL";

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
    let picture = folder.join(PICTURE);
    check_picture(&fs::read(&picture).with_context(|| format!("{} can't be read", picture.display()))?)?;
    finish_folder(&folder, std::env::var(SITE_URL).ok().as_deref())
}

/// Checks the format and size of the picture that is shown of a link to the page.
fn check_picture(png: &[u8]) -> Result<()> {
    let size =
        |at: usize| png.get(at..at + 4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let [width, height] = PICTURE_SIZE;
    ensure!(
        png.starts_with(b"\x89PNG")
            && [size(16), size(20)] == [Some(width), Some(height)]
            && png.len() <= PICTURE_BYTES,
        "assets/{PICTURE} has to be a PNG of {width} × {height} pixels and at most {PICTURE_BYTES} bytes"
    );
    Ok(())
}

/// The page with the address of its picture: below `site`, where the page will be, since most who show links take no
/// other; or relative, if that is not known.
fn with_address(html: &str, site: Option<&str>) -> Result<String> {
    let relative = format!("content=\"./{PICTURE}\"");
    ensure!(html.contains(&relative), "index.html names no {PICTURE} as og:image");
    let Some(site) = site.filter(|site| !site.is_empty()) else { return Ok(html.to_owned()) };
    let is_address = ["https://", "http://"].iter().any(|start| site.starts_with(start));
    ensure!(
        is_address && !site.contains(|c: char| c.is_whitespace() || "\"'<>&?#".contains(c)),
        "{SITE_URL} is “{site}”: set it to where the page will be, as in https://example.org/time-traveller/"
    );
    let site = site.trim_end_matches('/');
    let absolute = format!("content=\"{site}/{PICTURE}\"/><meta property=\"og:url\" content=\"{site}/\"");
    Ok(html.replacen(&relative, &absolute, 1))
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

fn finish_folder(folder: &Path, site: Option<&str>) -> Result<()> {
    let page = folder.join(PAGE);
    let html = fs::read_to_string(&page).with_context(|| format!("{} can't be read", page.display()))?;
    let worked_on = html.contains(RELOADS);
    let styled = join_styles(&translate(&with_address(&html, site)?)?, folder, |styles| {
        format!("style-{}.css", &sha256(styles.as_bytes())[..16])
    })?;
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
    files.remove(PICTURE);
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
            finish_folder(&folder, None).unwrap();
            fs::read_to_string(folder.join(WORKER)).unwrap()
        };
        let picture = "<meta content=\"./share.png\">";
        write(PAGE, picture);
        write(PICTURE, "not for visitors");
        write("shaders/a.wgsl", "abc");
        let first = worker();
        let digest = "ba7816bf8f01cfea4141";
        assert!(first.contains(&format!("\"shaders/a.wgsl\": \"{digest}\"")), "{first}");
        assert!(first.starts_with("const VERSION") && first.contains("addEventListener") && !first.contains(WORKER));
        assert_eq!(worker(), first);
        write("shaders/a.wgsl", "abd");
        assert_ne!(worker().lines().next(), first.lines().next());
        assert!(!first.contains(PICTURE), "{first}");
        let reloads = "<script>connect('{{__TRUNK_ADDRESS__}}' + '.well-known/trunk/ws')</script>";
        write(PAGE, &format!("{picture}{reloads}"));
        assert!(worker().contains("unregister"), "a page that is worked on is not kept");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_picture_of_a_link_has_the_address_of_the_site() {
        let html = "<meta property=\"og:image\" content=\"./share.png\" />";
        assert_eq!(with_address(html, None).unwrap(), html);
        assert_eq!(with_address(html, Some("")).unwrap(), html);
        for site in ["https://example.org/a", "https://example.org/a/"] {
            let html = with_address(html, Some(site)).unwrap();
            assert!(html.contains("og:image\" content=\"https://example.org/a/share.png\"/>"), "{html}");
            assert!(html.contains("<meta property=\"og:url\" content=\"https://example.org/a/\" />"), "{html}");
        }
        for site in ["example.org", "https://example.org/\"><script>", "https://example.org/ a"] {
            let error = with_address(html, Some(site)).unwrap_err().to_string();
            assert!(error.contains(site) && error.contains("https://example.org/time-traveller/"), "{error}");
        }
        assert!(with_address("<p>", None).is_err());
    }

    #[test]
    fn the_picture_of_a_link_is_of_the_size_that_is_shown() {
        let picture = fs::read(root().join("assets").join(PICTURE)).unwrap();
        check_picture(&picture).unwrap();
        assert!(check_picture(&picture[..20]).is_err());
        assert!(check_picture(&[&picture[..], &[0; PICTURE_BYTES]].concat()).is_err());
        let mut smaller = picture;
        smaller[19] -= 1;
        assert!(check_picture(&smaller).is_err());
    }
}
