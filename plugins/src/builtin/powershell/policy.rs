//! `execution_policy`: which scripts PowerShell runs.

/// The policies, in the order of their numbers.
const POLICIES: [&str; 8] =
    ["bypass", "allsigned", "default", "remotesigned", "restricted", "undefined", "unrestricted", "none"];

/// The policy by a name, in any case, or by its number. `Ok(None)` is `none`: PowerShell is not told any.
///
/// # Errors
///
/// There is no such policy.
pub(super) fn policy(text: &str) -> Result<Option<&'static str>, String> {
    let by_number = text.parse::<usize>().ok().and_then(|number| POLICIES.get(number));
    let found = by_number.or_else(|| POLICIES.iter().find(|policy| policy.eq_ignore_ascii_case(text)));
    match found {
        Some(&"none") => Ok(None),
        Some(policy) => Ok(Some(policy)),
        None => Err(format!("Invalid execution_policy '{text}'; valid values are: {}", POLICIES.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let rows = [
            ("bypass", Ok(Some("bypass"))),
            ("RemoteSigned", Ok(Some("remotesigned"))),
            ("0", Ok(Some("bypass"))),
            ("6", Ok(Some("unrestricted"))),
            ("None", Ok(None)),
            ("7", Ok(None)),
        ];
        for (text, expected) in rows {
            assert_eq!(policy(text), expected);
        }
        for text in ["8", "-1", "all signed", "<unknown>"] {
            assert!(
                policy(text)
                    .unwrap_err()
                    .starts_with(&format!("Invalid execution_policy '{text}'; valid values are: bypass, "))
            );
        }
    }
}
