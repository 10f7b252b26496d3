//! Reads the lessons: `# key: Title`, then a paragraph a line, with `**bold**` and `[words](action)`; a line that begins
//! with four spaces is a formula.

use super::action::{Action, action};

/// A lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Its word in an address.
    pub key: String,
    pub title: String,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Paragraph(Vec<Piece>),
    Formula(String),
}

/// A piece of a paragraph.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Plain(String),
    Bold(String),
    /// Links are numbered through a lesson.
    Link {
        number: usize,
        words: String,
        action: Action,
    },
}

/// The lessons of a file. A link that means nothing is plain text.
pub fn lessons(text: &str) -> Vec<Lesson> {
    let mut lessons: Vec<Lesson> = Vec::new();
    let mut links = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some((key, title)) = line.strip_prefix("# ").and_then(|head| head.split_once(": ")) {
            lessons.push(Lesson { key: key.to_owned(), title: title.to_owned(), blocks: Vec::new() });
            links = 0;
        } else if let Some(lesson) = lessons.last_mut() {
            lesson.blocks.push(match line.strip_prefix("    ") {
                Some(formula) => Block::Formula(formula.to_owned()),
                None => Block::Paragraph(pieces(line, &mut links)),
            });
        }
    }
    lessons
}

fn pieces(line: &str, links: &mut usize) -> Vec<Piece> {
    let (mut pieces, mut plain) = (Vec::new(), String::new());
    let mut rest = line;
    while !rest.is_empty() {
        let (piece, after) = match bold(rest).or_else(|| link(rest, *links + 1)) {
            Some(found) => found,
            None => {
                let end = rest.char_indices().nth(1).map_or(rest.len(), |(at, _)| at);
                plain += &rest[..end];
                rest = &rest[end..];
                continue;
            }
        };
        *links += usize::from(matches!(piece, Piece::Link { .. }));
        if !plain.is_empty() {
            pieces.push(Piece::Plain(std::mem::take(&mut plain)));
        }
        pieces.push(piece);
        rest = after;
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    pieces
}

fn bold(text: &str) -> Option<(Piece, &str)> {
    let (words, rest) = text.strip_prefix("**")?.split_once("**")?;
    Some((Piece::Bold(words.to_owned()), rest))
}

fn link(text: &str, number: usize) -> Option<(Piece, &str)> {
    let (words, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (target, rest) = rest.split_once(')')?;
    Some((Piece::Link { number, words: words.to_owned(), action: action(target)? }, rest))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::action::{Deed, Place};
    use super::*;
    use crate::model::Config;
    use crate::ui::settings::form::Form;

    #[test]
    fn prose_is_read() {
        let read = lessons(
            "# one: A title\n\nFirst [train](do:train), **then** [look](see:curve).\n\n    h = 1\n# two: B\nx [y](z)\n",
        );
        let plain = |text: &str| Piece::Plain(text.into());
        let link = |number, words: &str, action| Piece::Link { number, words: words.into(), action };
        assert_eq!(read[0].title, "A title");
        assert_eq!(
            read[0].blocks,
            [
                Block::Paragraph(vec![
                    plain("First "),
                    link(1, "train", Action::Do(Deed::Train)),
                    plain(", "),
                    Piece::Bold("then".into()),
                    plain(" "),
                    link(2, "look", Action::See(Place::Curve)),
                    plain("."),
                ]),
                Block::Formula("h = 1".into()),
            ]
        );
        assert_eq!(read[1].blocks, [Block::Paragraph(vec![plain("x [y](z)")])]);
    }

    const TEXTS: [&str; 2] =
        [include_str!("../../../assets/lessons/en.md"), include_str!("../../../assets/lessons/zh.md")];

    fn actions(lesson: &Lesson) -> Vec<&Action> {
        let pieces = lesson.blocks.iter().flat_map(|block| match block {
            Block::Paragraph(pieces) => &pieces[..],
            Block::Formula(_) => &[],
        });
        pieces.filter_map(|piece| if let Piece::Link { action, .. } = piece { Some(action) } else { None }).collect()
    }

    #[test]
    fn both_languages_have_the_same_lessons_with_the_same_links() {
        let [english, chinese] = TEXTS.map(lessons);
        assert_eq!(english.len(), 8);
        for (one, other) in english.iter().zip(&chinese) {
            assert_eq!(one.key, other.key);
            assert_eq!(actions(one), actions(other), "{}", one.key);
            assert!(!actions(one).is_empty());
        }
    }

    #[test]
    fn every_link_means_something_and_every_setting_is_one() {
        for text in TEXTS {
            for lesson in lessons(text) {
                let mut form = Form::default();
                for block in &lesson.blocks {
                    let Block::Paragraph(pieces) = block else { continue };
                    for piece in pieces {
                        match piece {
                            Piece::Plain(text) => assert!(!text.contains("]("), "{}: {text}", lesson.key),
                            Piece::Link { action: Action::Set(settings), .. } => {
                                for (key, value) in settings {
                                    let mut config = Config::default();
                                    config.set(key, value).unwrap_or_else(|error| panic!("{}: {error}", lesson.key));
                                    form.set(key, value);
                                }
                                form.config().unwrap_or_else(|errors| panic!("{}: {errors:?}", lesson.key));
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }
}
