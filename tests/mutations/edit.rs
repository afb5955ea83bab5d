//! Texts with tokens missing, doubled, swapped or replaced by others. What comes out depends on the seed alone.

use planner::format::tokens;

/// Numbers that look random, by the splitmix64 method.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: usize) -> Self {
        Self(seed as u64)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// A token and the white space in front of it.
type Piece<'t> = (&'t str, &'t str);

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut rest = text;
    let piece = |token: &'_ str| {
        let start = rest.find(token).unwrap_or_default();
        let (gap, after) = rest.split_at(start);
        let (token, after) = after.split_at(token.len());
        rest = after;
        (gap, token)
    };
    tokens(text).map(piece).collect()
}

/// All tokens of `texts`, to replace others by; each once, as often as it stands there being of no interest.
pub(crate) fn vocabulary<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut all: Vec<&str> = texts.flat_map(tokens).chain(RARE).filter(|token| !token.is_empty()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What valid texts do not hold.
const RARE: [&str; 26] = [
    "\"", "<<EOT\n", "<<-E\n", "E\n", "EOT", "\r", "~}", "${~", "$${", "%%{", "\\", "\\u12", "'", "/*", "*/",
    "\u{feff}", "e\u{301}", "1e999", "0x", "1.", "..", "....", "::", "=>", "|", "\0",
];

/// `text` with one to four edits.
pub(crate) fn mutated(text: &str, vocabulary: &[&str], dice: &mut Dice) -> String {
    let mut pieces = pieces(text);
    for _ in 0..=dice.below(4) {
        edit(&mut pieces, vocabulary, dice);
    }
    pieces.iter().flat_map(|(gap, token)| [*gap, *token]).collect()
}

fn edit<'t>(pieces: &mut Vec<Piece<'t>>, vocabulary: &[&'t str], dice: &mut Dice) {
    if pieces.is_empty() {
        return;
    }
    let at = dice.below(pieces.len());
    let end = (at + 1 + dice.below(6)).min(pieces.len());
    match dice.below(8) {
        0 => drop(pieces.drain(at..end)),
        1 => {
            let copy = pieces[at..end].to_vec();
            pieces.splice(end..end, copy);
        }
        2 => {
            let other = dice.below(pieces.len());
            let (one, two) = (pieces[at].1, pieces[other].1);
            (pieces[at].1, pieces[other].1) = (two, one);
        }
        3 | 4 => pieces[at].1 = vocabulary[dice.below(vocabulary.len())],
        5 => pieces.insert(at, (" ", vocabulary[dice.below(vocabulary.len())])),
        // Most often that leaves nothing to say about the rest, so it is rare.
        6 if dice.below(4) == 0 => pieces.truncate(at),
        _ => pieces[at].0 = "",
    }
}
