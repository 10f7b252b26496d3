//! JSON, as much as files of tensors need: texts and whole numbers in lists and objects. It is read piece by piece, as what
//! the reader expects it to be.

/// How deep lists and objects may lie in each other where they are skipped.
const DEEPEST: u32 = 100;

/// What was expected, and where.
type Result<T> = std::result::Result<T, String>;

/// Reads a text from its beginning.
pub struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    /// Reads a text that is one value.
    ///
    /// # Errors
    /// That of `value`, or that there is more.
    pub fn read<T>(text: &'a str, value: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut json = Self { text, at: 0 };
        let value = value(&mut json)?;
        json.next().map_or(Ok(value), |_| json.wrong("the end"))
    }

    /// # Errors
    /// It is no text.
    pub fn text(&mut self) -> Result<String> {
        let mut text = String::new();
        if !self.take(b'"') {
            return self.wrong("a text");
        }
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\').count();
            text += &rest[..plain];
            self.at += plain;
            match self.byte() {
                Some(b'"') => return Ok(text),
                Some(b'\\') => match self.escaped() {
                    Some(character) => text.push(character),
                    None => return self.wrong("a character"),
                },
                _ => return self.wrong("the end of a text"),
            }
        }
    }

    /// # Errors
    /// It is no number from 0 to the largest `usize`.
    pub fn whole(&mut self) -> Result<usize> {
        let number = self.number();
        let is_whole = number.bytes().all(|byte| byte.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
        number.parse().ok().filter(|_| is_whole).map_or_else(|| self.wrong("a whole number"), Ok)
    }

    /// Calls `item` for each item.
    ///
    /// # Errors
    /// That of `item`, or it is no list.
    pub fn list(&mut self, item: &mut dyn FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if !self.take(b'[') {
            return self.wrong("a list");
        }
        self.items(b']', item)
    }

    /// Calls `value` for each value, with its key.
    ///
    /// # Errors
    /// That of `value`, or it is no object.
    pub fn object(&mut self, value: &mut dyn FnMut(&mut Self, String) -> Result<()>) -> Result<()> {
        if !self.take(b'{') {
            return self.wrong("an object");
        }
        self.items(b'}', &mut |json| {
            let key = json.text()?;
            if json.take(b':') { value(json, key) } else { json.wrong("a colon") }
        })
    }

    /// Passes over any value.
    ///
    /// # Errors
    /// It is none.
    pub fn skip(&mut self) -> Result<()> {
        self.skip_within(DEEPEST)
    }

    /// Passes over `null`, if it comes next.
    pub fn is_null(&mut self) -> bool {
        self.next() == Some(b'n') && self.takes("null")
    }

    fn skip_within(&mut self, deepest: u32) -> Result<()> {
        let Some(within) = deepest.checked_sub(1) else { return self.wrong("less depth") };
        match self.next() {
            Some(b'"') => self.text().map(drop),
            Some(b'[') => self.list(&mut |json| json.skip_within(within)),
            Some(b'{') => self.object(&mut |json, _| json.skip_within(within)),
            _ if ["null", "true", "false"].iter().any(|word| self.takes(word)) || is_number(self.number()) => Ok(()),
            _ => self.wrong("a value"),
        }
    }

    /// The items of a list or object up to its end.
    fn items(&mut self, end: u8, item: &mut dyn FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if self.take(end) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.take(end) {
                return Ok(());
            }
            if !self.take(b',') {
                return self.wrong("a comma");
            }
        }
    }

    /// The byte that comes next, after white space.
    fn next(&mut self) -> Option<u8> {
        let rest = &self.text[self.at..];
        self.at += rest.bytes().take_while(|byte| b" \t\n\r".contains(byte)).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.text[self.at..].starts_with(word);
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// The bytes of a number, which may be none.
    fn number(&mut self) -> &'a str {
        self.next();
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)).count();
        self.at += length;
        &rest[..length]
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    /// The character after a backslash.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.byte()? {
            byte @ (b'"' | b'\\' | b'/') => byte.into(),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                // Characters beyond 16 bits are a pair of surrogates.
                let is_pair = (0xd800..0xdc00).contains(&high) && self.takes("\\u");
                let low = if is_pair { self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)? } else { 0 };
                char::from_u32(if is_pair { 0x1_0000 + ((high - 0xd800) << 10) + low } else { high })?
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |number, _| Some(number * 16 + char::from(self.byte()?).to_digit(16)?))
    }

    fn wrong<T>(&self, expected: &str) -> Result<T> {
        Err(format!("{expected} is expected at byte {}", self.at))
    }
}

/// Whether this is a number as JSON has them.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (text, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    [whole, fraction, exponent].into_iter().all(is_digits) && (whole == "0" || !whole.starts_with('0'))
}

/// Adds a text to a JSON.
pub fn write_text(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\n' => *json += "\\n",
            '\r' => *json += "\\r",
            '\t' => *json += "\\t",
            '\u{8}' => *json += "\\b",
            '\u{c}' => *json += "\\f",
            '\0'..=' ' if character != ' ' => *json += &format!("\\u{:04x}", character as u32),
            _ => json.push(character),
        }
    }
    json.push('"');
}

/// Adds items with commas between them, each by `write`.
pub fn write_items<T>(
    json: &mut String,
    [begin, end]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    json.push(begin);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        write(json, item);
    }
    json.push(end);
}

pub const LIST: [char; 2] = ['[', ']'];
pub const OBJECT: [char; 2] = ['{', '}'];
