//! Numbers as people write them.

/// The number in `text` as programs write it: ASCII digits, and nothing between groups of three. Text that is no such
/// number, or could mean two, is only trimmed, so that parsing it fails: `1,5` is not 15, and where `fractions` are
/// accepted, `1,500` may be 1500 or 1.5.
pub(super) fn plain(text: &str, fractions: bool) -> String {
    let text: String = text.trim().chars().map(ascii).collect();
    let sign = usize::from(text.starts_with(['+', '-']));
    let end = text.find(['.', 'e', 'E']).unwrap_or(text.len());
    let whole = text.get(sign..end).unwrap_or_default();
    let Some(mark) = whole.chars().find(|c| ",' _".contains(*c)) else { return text };
    let mut groups = whole.split(mark);
    let first = groups.next().unwrap_or_default();
    let is_first = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let is_good = is_first && groups.all(|group| group.len() == 3);
    if !is_good || (fractions && mark == ',' && first.len() + 4 == whole.len() && !text[end..].starts_with('.')) {
        return text;
    }
    text.replace(mark, "")
}

/// Digits and marks of other scripts, and full-width ones, as those of ASCII.
fn ascii(c: char) -> char {
    let offset = match c {
        '\u{ff01}'..='\u{ff5e}' => 0xff01 - 0x21,
        '\u{660}'..='\u{669}' => 0x660 - 0x30,
        '\u{6f0}'..='\u{6f9}' => 0x6f0 - 0x30,
        '\u{66b}' | '。' => return '.',
        '\u{66c}' => return ',',
        '−' => return '-',
        '’' => return '\'',
        c if c.is_whitespace() => return ' ',
        c => return c,
    };
    char::from_u32(c as u32 - offset).unwrap_or(c)
}
