//! A way through a plan in words.

/// Keys one after the other, the name of a build only where it changes.
pub fn in_order(keys: &[String]) -> String {
    let mut path = String::new();
    let mut build = "";
    for key in keys {
        let (own, node) = key.split_once('/').unwrap_or(("", key));
        if !path.is_empty() {
            path.push_str(" → ");
        }
        if own != build {
            build = own;
            path.push_str(own);
            path.push_str(": ");
        }
        path.push_str(node);
    }
    path
}

/// The same, shortened in the middle to at most `most` keys.
pub fn in_short(keys: &[String], most: usize) -> String {
    let n_left_out = keys.len().saturating_sub(most);
    if n_left_out == 0 {
        return in_order(keys);
    }
    let (head, tail) = (&keys[..most / 2], &keys[most / 2 + n_left_out..]);
    format!("{} → … {n_left_out} more … → {}", in_order(head), in_order(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_named_where_they_change() {
        let keys: Vec<String> = ["data.null.v", "a/open", "a/close", "b/open", "b/close"].map(str::to_owned).into();
        assert_eq!(in_order(&keys), "data.null.v → a: open → close → b: open → close");
        assert_eq!(in_short(&keys, 5), in_order(&keys));
        assert_eq!(in_short(&keys, 3), "data.null.v → … 2 more … → b: open → close");
    }
}
