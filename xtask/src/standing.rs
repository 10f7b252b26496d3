//! What makes the page be seen early: its frame stands in index.html, in every language, and its style sheets come as one.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::table::{CHINESE, ENGLISH, Words};

const OPEN: &str = "<article class=\"standing\"";
const CLOSE: &str = "</article>";

/// The page with its frame in every language instead of the one with the names of words in braces.
pub fn translate(html: &str) -> Result<String> {
    let Some(start) = html.find(OPEN) else { return Ok(html.to_owned()) };
    let end = start + html[start..].find(CLOSE).context("the page's frame has no end")? + CLOSE.len();
    let frame = &html[start + OPEN.len()..end];
    let mut out = html[..start].to_owned();
    for words in [&ENGLISH, &CHINESE] {
        out += &format!("{OPEN} lang=\"{}\"{}", words.code, fill(&lines(frame), words)?);
    }
    Ok(out + &html[end..])
}

/// Without indentation: spaces between words alone.
fn lines(html: &str) -> String {
    html.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Replaces `{name}` by the words of this name, `{name value}` by those with the value in their place, and `{presets key}`
/// by the name of a run.
fn fill(frame: &str, words: &Words) -> Result<String> {
    let all = words.all();
    let mut pieces = frame.split('{');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').context("a brace in the page's frame is not closed")?;
        let said = match name.split_once(' ') {
            Some(("presets", key)) => find(words.presets, key)?.to_owned(),
            Some((name, value)) => find(&all, name)?.replace("{0}", value),
            None => find(&all, name)?.to_owned(),
        };
        ensure!(!said.contains(['{', '<', '&', '"']), "{name} can't stand in HTML as it is: {said}");
        out += &said;
        out += rest;
    }
    Ok(out)
}

fn find(entries: &[(&str, &'static str)], name: &str) -> Result<&'static str> {
    // The last, for lists come first, whose keys may be names too.
    let found = entries.iter().rfind(|(key, _)| *key == name);
    Ok(found.with_context(|| format!("the page's frame has “{name}”, which src/ui/language/table.rs has not"))?.1)
}

/// The page with a single style sheet, made of those in `folder` that it names, and its name as `name` gives it.
pub fn join_styles(html: &str, folder: &Path, name: impl Fn(&str) -> String) -> Result<String> {
    let (mut out, mut rest, mut styles, mut place) = (String::new(), html, String::new(), None);
    while let Some(start) = rest.find("<link rel=\"stylesheet\"") {
        let end = start + rest[start..].find('>').context("a link has no end")? + 1;
        let Some((_, address)) = rest[start..end].split_once("href=\"./") else {
            bail!("a style sheet has no address")
        };
        let file = folder.join(address.split('"').next().unwrap_or_default());
        styles += &fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
        fs::remove_file(&file)?;
        out += &rest[..start];
        place.get_or_insert(out.len());
        rest = &rest[end..];
    }
    out += rest;
    if let Some(place) = place {
        let name = name(&styles);
        fs::write(folder.join(&name), &styles)?;
        out.insert_str(place, &format!("<link rel=\"stylesheet\" href=\"./{name}\">"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_says_what_the_page_says_in_both_languages() {
        let html = "<i>{train}</i><article class=\"standing\">\n  <b>{train}</b> {curve_empty 28}\n  {presets rnn}<i>{book}</i></article>x";
        let html = translate(html).unwrap();
        let [before, english, chinese] = html.split(OPEN).collect::<Vec<_>>()[..] else { panic!("{html}") };
        assert_eq!(before, "<i>{train}</i>");
        assert!(
            english.starts_with(" lang=\"en\">\n<b>Train</b>") && english.contains("perplexity of 28;"),
            "{english}"
        );
        assert!(chinese.starts_with(" lang=\"zh\">\n<b>训练</b>") && chinese.ends_with("</article>x"), "{chinese}");
        assert!(english.contains("\n8.5 RNN from scratch") && english.contains("<i>Dive into"), "{english}");
        for wrong in ["{trian}", "{train", "{presets none}", "{count_of 1}"] {
            assert!(translate(&format!("{OPEN}>{wrong}</article>")).is_err(), "{wrong}");
        }
        assert_eq!(translate("<p>{train}").unwrap(), "<p>{train}");
    }

    #[test]
    fn the_page_of_this_repository_has_words_for_every_name() {
        let html = fs::read_to_string(crate::shell::root().join("index.html")).unwrap();
        let html = translate(&html).unwrap();
        for words in [&ENGLISH, &CHINESE] {
            assert!(html.contains(words.tagline) && html.contains(&format!("disabled>{}</button>", words.train)));
        }
    }

    #[test]
    fn style_sheets_become_one_in_their_order() {
        let folder = std::env::temp_dir().join(format!("time-traveller-styles-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.css"), "a{}").unwrap();
        fs::write(folder.join("b.css"), "b{}").unwrap();
        let link = |name: &str| format!("<link rel=\"stylesheet\" href=\"./{name}\">");
        let html = format!("<head>{}<title>x</title>{}</head>", link("b.css"), link("a.css"));
        let html = join_styles(&html, &folder, |text| format!("{}.css", text.len())).unwrap();
        assert_eq!(html, format!("<head>{}<title>x</title></head>", link("6.css")));
        assert_eq!(fs::read_to_string(folder.join("6.css")).unwrap(), "b{}a{}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert!(join_styles(&link("none.css"), &folder, |_| String::new()).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
