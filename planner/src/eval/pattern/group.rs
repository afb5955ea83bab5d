//! Classes with names: `\d` and its like, `[:alpha:]` and its like. All of them are ASCII.

/// Characters from each first to each second one.
pub(super) type Ranges = &'static [(char, char)];

const DIGIT: Ranges = &[('0', '9')];
const WORD: Ranges = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

/// What the letter behind a backslash stands for, and whether it means everything else.
pub(super) fn perl(letter: char) -> Option<(Ranges, bool)> {
    let ranges: Ranges = match letter.to_ascii_lowercase() {
        'd' => DIGIT,
        's' => &[('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')],
        'w' => WORD,
        _ => return None,
    };
    Some((ranges, letter.is_ascii_uppercase()))
}

/// What a name between `[:` and `:]` stands for; with a `^`, everything else.
pub(super) fn posix(name: &str) -> Option<(Ranges, bool)> {
    let (name, negated) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
    let ranges: Ranges = match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\u{7f}')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')],
        "digit" => DIGIT,
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => WORD,
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some((ranges, negated))
}
