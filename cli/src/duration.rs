//! Durations as people read them: the two largest units, `1 minute 2 seconds`.

use std::time::Duration;

const SECOND: u128 = 1_000_000;

/// Units with their length in microseconds, largest first.
const UNITS: [(&str, u128); 8] = [
    ("year", 365 * 86_400 * SECOND),
    ("week", 7 * 86_400 * SECOND),
    ("day", 86_400 * SECOND),
    ("hour", 3_600 * SECOND),
    ("minute", 60 * SECOND),
    ("second", SECOND),
    ("millisecond", 1_000),
    ("microsecond", 1),
];

/// The first two units that are not zero. Less than a microsecond is `0 seconds`.
pub fn in_words(duration: Duration) -> String {
    let mut rest = duration.as_micros();
    let mut words = Vec::with_capacity(2);
    for (unit, length) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 && words.len() < 2 {
            words.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(" ") }
}

/// A duration that is an estimate: no more digits than it is worth.
pub fn about(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 60.0 {
        in_words(Duration::from_secs(seconds.round() as u64))
    } else if seconds >= 10.0 {
        format!("{seconds:.0} s")
    } else if seconds >= 0.1 || duration.is_zero() {
        format!("{seconds:.1} s")
    } else {
        format!("{:.1} ms", seconds * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_have_few_digits() {
        for (seconds, expected) in
            [(0.0, "0.0 s"), (0.0123, "12.3 ms"), (1.26, "1.3 s"), (59.4, "59 s"), (62.6, "1 minute 3 seconds")]
        {
            assert_eq!(about(Duration::from_secs_f64(seconds)), expected);
        }
    }

    #[test]
    fn two_units_are_named() {
        let rows = [
            (Duration::ZERO, "0 seconds"),
            (Duration::from_nanos(999), "0 seconds"),
            (Duration::from_micros(1), "1 microsecond"),
            (Duration::from_micros(2_003), "2 milliseconds 3 microseconds"),
            (Duration::from_millis(5_012), "5 seconds 12 milliseconds"),
            (Duration::from_secs(62), "1 minute 2 seconds"),
            (Duration::from_micros(60_000_007), "1 minute 7 microseconds"),
            (Duration::from_secs(3_600), "1 hour"),
            (Duration::from_secs(86_400 * 8 + 1), "1 week 1 day"),
            (Duration::from_secs(86_400 * 366), "1 year 1 day"),
        ];
        for (duration, expected) in rows {
            assert_eq!(in_words(duration), expected);
        }
    }
}
