//! The place in a text: blanks and comments are passed over, lines and columns counted as the library counts them.
//!
//! Deliberately absent: tokens as values; the grammar asks for what it expects.

use async_graphql::{Name, Pos, Positioned};

/// Reads forwards only.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    /// Up to which byte lines and columns are counted.
    counted: usize,
    pos: Pos,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            counted: 0,
            pos: Pos { line: 1, column: 1 },
        }
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Line and column of this very place. A carriage return begins the column anew, only a line feed the line.
    pub(super) fn position(&mut self) -> Pos {
        let passed = self.text.as_bytes().get(self.counted..self.at);
        for byte in passed.unwrap_or_default() {
            match byte {
                b'\r' => self.pos.column = 1,
                b'\n' => {
                    self.pos.line += 1;
                    self.pos.column = 1;
                }
                // A character counts once, however many bytes it has.
                0x80..=0xbf => {}
                _ => self.pos.column += 1,
            }
        }
        self.counted = self.at;
        self.pos
    }

    /// Passes blanks; whether there were any.
    pub(super) fn skip_blanks(&mut self) -> bool {
        let begun = self.at;
        loop {
            self.at += match self.rest() {
                [b' ' | b',' | b'\t' | b'\n' | b'\r', ..] => 1,
                [0xef, 0xbb, 0xbf, ..] => 3,
                _ => return self.at > begun,
            };
        }
    }

    /// The next byte that is neither blank nor comment.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            self.skip_blanks();
            let rest = self.rest();
            match rest.first() {
                Some(b'#') => {
                    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    self.at += end.unwrap_or(rest.len());
                }
                first => return first.copied(),
            }
        }
    }

    /// Whether a name comes next.
    pub(super) fn peek_name(&mut self) -> bool {
        self.peek().is_some_and(is_name_start)
    }

    /// Passes this byte if it comes next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// Passes this text, which stands at this very place.
    pub(super) fn expect_text(&mut self, text: &str) -> Option<()> {
        self.rest().starts_with(text.as_bytes()).then(|| {
            self.at += text.len();
        })
    }

    /// The next name.
    pub(super) fn name(&mut self) -> Option<&'t str> {
        self.peek()?;
        self.name_here()
    }

    /// The name at this very place.
    pub(super) fn name_here(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        rest.first()
            .copied()
            .filter(|first| is_name_start(*first))?;
        let end = rest.iter().position(|byte| !is_name(*byte));
        self.take(end.unwrap_or(rest.len()))
    }

    pub(super) fn positioned_name(&mut self) -> Option<Positioned<Name>> {
        self.peek()?;
        let pos = self.position();
        Some(Positioned::new(Name::new(self.name_here()?), pos))
    }

    /// As many bytes from here as `accept` says, given what follows; they have to end with a character.
    pub(super) fn take_where(
        &mut self,
        accept: impl FnOnce(&[u8]) -> Option<usize>,
    ) -> Option<&'t str> {
        let length = accept(self.rest())?;
        self.take(length)
    }

    fn take(&mut self, length: usize) -> Option<&'t str> {
        let taken = self.text.get(self.at..self.at + length)?;
        self.at += length;
        Some(taken)
    }
}

pub(super) fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
