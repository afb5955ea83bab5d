//! Times as the registry has them.

use jiff::Timestamp;

/// The time that stands for none.
const NEVER: &str = "0001-01-01T00:00:00.000Z";

/// A time as HCP's own library writes it: in UTC, with milliseconds.
pub(crate) fn go_time(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        Err(_) => NEVER.to_owned(),
    }
}

/// Whether a time has come. None that is none ever does.
pub(crate) fn is_past(text: &str, now: Timestamp) -> bool {
    text.parse::<Timestamp>().is_ok_and(|time| go_time(text) != NEVER && time < now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(go_time("2024-05-06T07:08:09.123456Z"), "2024-05-06T07:08:09.123Z");
        assert_eq!(go_time("2024-05-06T07:08:09+02:00"), "2024-05-06T05:08:09.000Z");
        assert_eq!(go_time(""), NEVER);
        let now: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        assert!(is_past("2023-12-31T23:59:59Z", now));
        assert!(!is_past("2024-01-01T00:00:01Z", now) && !is_past("", now) && !is_past(NEVER, now));
    }
}
