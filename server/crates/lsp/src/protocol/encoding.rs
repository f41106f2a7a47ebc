//! Positions in the encoding that was agreed on.

use lsp_types::PositionEncodingKind;

/// What a `character` of a position counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units; what every client understands.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

impl Encoding {
    /// The first of the client's encodings that we know; UTF-16 if it names none.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let known = |kind: &PositionEncodingKind| match kind.as_str() {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16),
            "utf-32" => Some(Self::Utf32),
            _ => None,
        };
        offered.unwrap_or_default().iter().find_map(known).unwrap_or_default()
    }

    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// Length of `text` in units of this encoding.
    pub(crate) fn len(self, text: &str) -> u32 {
        let length = match self {
            Self::Utf8 => text.len(),
            Self::Utf16 if text.is_ascii() => text.len(),
            Self::Utf32 if text.is_ascii() => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Utf32 => text.chars().count(),
        };
        u32::try_from(length).unwrap_or(u32::MAX)
    }

    /// The char index within `line` of a `character`; beyond the end is the end, inside of a character its start.
    pub(crate) fn char_of(self, line: &str, character: u32) -> usize {
        let mut units = 0_u32;
        for (index, c) in line.chars().enumerate() {
            units += match self {
                Self::Utf8 => u32::try_from(c.len_utf8()).unwrap_or(1),
                Self::Utf16 => u32::try_from(c.len_utf16()).unwrap_or(1),
                Self::Utf32 => 1,
            };
            if units > character {
                return index;
            }
        }
        line.chars().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses_the_encoding() {
        let kinds = |names: &[&'static str]| -> Vec<PositionEncodingKind> {
            names.iter().map(|n| PositionEncodingKind::new(n)).collect()
        };
        for (offered, chosen) in [
            (vec![], Encoding::Utf16),
            (vec!["utf-8", "utf-16"], Encoding::Utf8),
            (vec!["utf-32"], Encoding::Utf32),
            (vec!["utf-7", "utf-16"], Encoding::Utf16),
        ] {
            assert_eq!(Encoding::negotiate(Some(&kinds(&offered))), chosen, "{offered:?}");
        }
        assert_eq!(Encoding::negotiate(None), Encoding::Utf16);
    }
}
