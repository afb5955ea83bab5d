//! Address ranges: `cidrhost`, `cidrnetmask`, `cidrsubnet`, `cidrsubnets`.
//!
//! An IPv4 address in IPv6 notation (`::ffff:10.0.0.0/104`) keeps its 128 bits for reckoning and is shown as IPv4, which
//! is what the reference does, down to the results that make no sense.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dashu_int::{IBig, UBig};

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::{Type, Value};

const PREFIX: Param = Param::new("prefix", Takes::String);
const NEW_BITS: Param = Param::new("newbits", Takes::Number);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("cidrhost", &[PREFIX, Param::new("hostnum", Takes::Number)], returns::string, host),
    Function::new("cidrnetmask", &[PREFIX], returns::string, netmask),
    Function::new("cidrsubnet", &[PREFIX, NEW_BITS, Param::new("netnum", Takes::Number)], returns::string, subnet),
    Function::new("cidrsubnets", &[PREFIX], returns::strings, subnets).with_variadic(NEW_BITS),
];

/// A template extends a prefix by no more than this at once.
const MAX_NEW_BITS: i64 = 32;

/// The first 96 bits of an IPv4 address in IPv6 notation.
const MAPPED: u128 = 0xffff << 32;

/// An address: its number and how many bits it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address {
    number: u128,
    bits: u32,
}

/// A range: its first address and the length of the prefix that all its addresses share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    first: Address,
    prefix: u32,
}

impl Address {
    fn v4(self) -> Option<Ipv4Addr> {
        let is_v4 = self.bits == 32 || self.number & !u128::from(u32::MAX) == MAPPED;
        is_v4.then(|| Ipv4Addr::from_bits(self.number as u32))
    }

    /// The address with `number` in the bits that end `low` bits before its last. None if it does not fit.
    fn with(self, number: &IBig, low: u64) -> Option<Self> {
        if *number == IBig::ZERO {
            return Some(self);
        }
        let shift = usize::try_from(low).ok().filter(|low| *low <= 256)?;
        // A negative number has ones all the way up, and what counts in the end is how far it is from zero.
        let whole = IBig::from(self.number) | (number << shift);
        let (_, whole): (_, UBig) = whole.into_parts();
        let number = u128::try_from(whole).ok().filter(|number| number.checked_shr(self.bits).unwrap_or(0) == 0)?;
        Some(Self { number, ..self })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.v4() {
            Some(address) => address.fmt(out),
            None => Ipv6Addr::from_bits(self.number).fmt(out),
        }
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (number, bits) = match address.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|prefix| is_number && *prefix <= bits)?;
        Some(Self::around(Address { number, bits }, prefix))
    }

    /// The range of this prefix length that the address is in.
    fn around(address: Address, prefix: u32) -> Self {
        let first = Address { number: address.number & !host_mask(address.bits, prefix), ..address };
        Self { first, prefix }
    }

    fn last(self) -> Address {
        Address { number: self.first.number | host_mask(self.first.bits, self.prefix), ..self.first }
    }

    fn contains(self, address: Address) -> bool {
        Self::around(address, self.prefix).first == self.first
    }

    /// The range of this prefix length that follows. None behind the last address that there is.
    fn next(self, prefix: u32) -> Option<Self> {
        let last = Self::around(self.last(), prefix).last();
        if last.v4() == Some(Ipv4Addr::BROADCAST) {
            return None;
        }
        let number = last.number.checked_add(1)?;
        // The reference takes the first address of IPv4 for the start of everything in this notation, too.
        (number != MAPPED).then_some(Self::around(Address { number, ..last }, prefix))
    }

    /// The range of this prefix length just before; before the first address is the last.
    fn previous(self, prefix: u32) -> Self {
        let number = self.first.number.wrapping_sub(1) & host_mask(self.first.bits, 0);
        Self::around(Address { number, ..self.first }, prefix)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = if self.first.bits == 128 && self.first.v4().is_some() { 96 } else { 0 };
        write!(out, "{}/{}", self.first, self.prefix.saturating_sub(shown))
    }
}

/// Ones where a prefix of this length leaves room.
fn host_mask(bits: u32, prefix: u32) -> u128 {
    let room = bits - prefix;
    1u128.checked_shl(room).map_or(u128::MAX, |end| end - 1)
}

fn network(call: &Call<'_>) -> Result<Network, String> {
    let text = call.text(0);
    Network::parse(text).ok_or_else(|| format!("invalid CIDR expression: invalid CIDR address: {text}"))
}

fn netmask(call: &Call<'_>) -> Result<Value, CallError> {
    let Network { first: Address { bits, .. }, prefix } = network(call)?;
    let mask = Address { number: host_mask(bits, 0) & !host_mask(bits, prefix), bits };
    Ok(Value::string(mask.to_string()))
}

fn host(call: &Call<'_>) -> Result<Value, CallError> {
    let wanted = IBig::from(call.int64(1)?);
    let Network { first, prefix } = network(call)?;
    let highest = IBig::from(host_mask(first.bits, prefix));
    // Negative numbers count from the end.
    let (number, distance) = match wanted < IBig::ZERO {
        true => (&highest + &wanted + IBig::ONE, -wanted - IBig::ONE),
        false => (wanted.clone(), wanted),
    };
    let refused = || format!("prefix of {prefix} does not accommodate a host numbered {number}");
    if distance > highest {
        return Err(refused().into());
    }
    let low = if first.v4().is_some() { first.bits - 32 } else { 0 };
    let address = first.with(&number, low.into()).ok_or_else(refused)?;
    Ok(Value::string(address.to_string()))
}

fn subnet(call: &Call<'_>) -> Result<Value, CallError> {
    let (new_bits, number) = (call.int64(1)?, call.int64(2)?);
    let Network { first, prefix } = network(call)?;
    if new_bits > MAX_NEW_BITS {
        return Err("may not extend prefix by more than 32 bits".into());
    }
    let new_prefix = i64::from(prefix).saturating_add(new_bits);
    let left = i64::from(first.bits).saturating_sub(new_prefix);
    let Ok(left) = u64::try_from(left) else {
        return Err(format!("insufficient address space to extend prefix of {prefix} by {new_bits}").into());
    };
    let refused = || format!("prefix extension of {new_bits} does not accommodate a subnet numbered {number}");
    if new_bits >= 0 && number.unsigned_abs() >> new_bits != 0 {
        return Err(refused().into());
    }
    let first = first.with(&IBig::from(number), left).ok_or_else(refused)?;
    let shown = match u32::try_from(new_prefix) {
        Ok(prefix) => Network { first, prefix }.to_string(),
        Err(_) => "<nil>".to_owned(),
    };
    Ok(Value::string(shown))
}

fn subnets(call: &Call<'_>) -> Result<Value, CallError> {
    let base = network(call).map_err(|why| CallError::argument(0, why))?;
    let bits = base.first.bits;
    let is_mapped = bits == 128 && base.first.v4().is_some();
    let mut found = Vec::with_capacity(call.args.len());
    let mut current: Option<Network> = None;
    for at in 1..call.args.len() {
        let refused = |why: String| CallError::argument(at, why);
        let new_bits = call.int64(at).map_err(|why| refused(why.to_owned()))?;
        let prefix = extended(base, new_bits).map_err(refused)?;
        let before = current.unwrap_or_else(|| base.previous(prefix));
        // The reference cannot go through ranges of IPv4 in IPv6 notation.
        let next = before.next(prefix).filter(|next| !is_mapped && base.contains(next.first));
        let Some(next) = next else {
            let before = if is_mapped { "<nil>".to_owned() } else { before.to_string() };
            return Err(refused(format!(
                "not enough remaining address space for a subnet with a prefix of {prefix} bits after {before}"
            )));
        };
        found.push(Value::string(next.to_string()));
        current = Some(next);
    }
    Ok(Value::list(found, Type::String))
}

/// The length of a prefix that is so many bits longer.
fn extended(base: Network, new_bits: i64) -> Result<u32, String> {
    let new_bits = match new_bits {
        ..1 => return Err("must extend prefix by at least one bit".to_owned()),
        1..=MAX_NEW_BITS => new_bits as u32,
        _ => return Err("may not extend prefix by more than 32 bits".to_owned()),
    };
    let prefix = base.prefix + new_bits;
    let bits = base.first.bits;
    if prefix > bits {
        let protocol = if bits == 32 { "IPv4" } else { "IPv6" };
        return Err(format!("would extend prefix to {prefix} bits, which is too long for an {protocol} address"));
    }
    Ok(prefix)
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::tests::{check, check_error};

    #[test]
    fn hosts() {
        for (call, expected) in [
            (r#"cidrhost("10.12.127.0/20", 16)"#, "10.12.112.16"),
            (r#"cidrhost("10.12.127.0/20", 268)"#, "10.12.113.12"),
            (r#"cidrhost("192.168.1.0/24", "5")"#, "192.168.1.5"),
            (r#"cidrhost("192.168.1.0/24", -1)"#, "192.168.1.255"),
            (r#"cidrhost("192.168.1.0/24", -256)"#, "192.168.1.0"),
            (r#"cidrhost("10.0.0.1/32", 0)"#, "10.0.0.1"),
            (r#"cidrhost("0.0.0.0/0", 4294967295)"#, "255.255.255.255"),
            (r#"cidrhost("10.0.0.0/08", 1)"#, "10.0.0.1"),
            (r#"cidrhost("fd00:fd12:3456:7890::/56", 34)"#, "fd00:fd12:3456:7800::22"),
            (r#"cidrhost("2001:db8::/32", -1)"#, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            (r#"cidrhost("::/0", 9223372036854775807)"#, "::7fff:ffff:ffff:ffff"),
            // Shown as IPv4, but reckoned with in 128 bits.
            (r#"cidrhost("::ffff:192.168.0.0/112", 0)"#, "192.168.0.0"),
            (r#"cidrhost("::ffff:192.168.0.0/112", 5)"#, "0:5::ffff:c0a8:0"),
        ] {
            check(call, &format!("\"{expected}\" string"));
        }
        for (call, expected) in [
            (r#"cidrhost("192.168.1.0/30", 255)"#, "prefix of 30 does not accommodate a host numbered 255."),
            (r#"cidrhost("192.168.1.0/30", -255)"#, "prefix of 30 does not accommodate a host numbered -251."),
            (r#"cidrhost("10.0.0.1/32", 1)"#, "prefix of 32 does not accommodate a host numbered 1."),
            (
                r#"cidrhost("10.0.0.0/8", 1.5)"#,
                "value must be a whole number, between -9223372036854775808 and 9223372036854775807.",
            ),
            (r#"cidrhost("10.0.0.0/8", 9223372036854775808)"#, "value must be a whole number"),
            (r#"cidrhost("10.0.0.0/8", 1/0)"#, "value must be a whole number"),
            (r#"cidrhost("10.0.0.0/8", "x")"#, r#"Invalid value for "hostnum" parameter: a number is required."#),
            (r#"cidrhost(null, 1)"#, r#"Invalid value for "prefix" parameter: argument must not be null."#),
        ] {
            check_error(call, expected);
        }
        check(r#"cidrhost(unk, 1)"#, "unknown string");
        check(r#"cidrhost("no matter", dyn)"#, "unknown string");
    }

    #[test]
    fn prefixes_are_read_as_go_reads_them() {
        for (text, mask) in [
            ("172.16.0.0/12", "255.240.0.0"),
            ("0.0.0.0/0", "0.0.0.0"),
            ("1.2.3.4/32", "255.255.255.255"),
            ("1::/64", "ffff:ffff:ffff:ffff::"),
            ("::/0", "::"),
            ("FE80::ABCD/10", "ffc0::"),
            ("1:2:3:4:5:6:7::/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::1.2.3.4/96", "ffff:ffff:ffff:ffff:ffff:ffff::"),
            ("10.0.0.0/000000000000000000000000000008", "255.0.0.0"),
        ] {
            check(&format!("cidrnetmask(\"{text}\")"), &format!("\"{mask}\" string"));
        }
        for text in [
            "",
            "/",
            "10.0.0.0",
            "10.0.0.0/",
            "/8",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/ 8",
            "10.0.0.0/8 ",
            "10.0.0.0/a",
            "10.0.0.0/1e1",
            "010.0.0.0/8",
            "10.0.0/8",
            "10.0.0.0.0/8",
            "10..0.0/8",
            "256.0.0.0/8",
            "::/129",
            "1::2::3/64",
            "fe80::1%eth0/64",
            "[::1]/64",
            "12345::/64",
            "1:2:3:4:5:6:7:8:9/64",
            ":::/64",
            "é/8",
            "10.0.0.0/8/8",
            "10.0.0.0/99999999999999999999",
        ] {
            let said = format!("invalid CIDR expression: invalid CIDR address: {text}.");
            check_error(&format!("cidrnetmask(\"{text}\")"), &said);
        }
    }

    #[test]
    fn one_subnet() {
        for (call, expected) in [
            (r#"cidrsubnet("172.16.0.0/12", 4, 2)"#, "172.18.0.0/16"),
            (r#"cidrsubnet("10.1.2.0/24", 4, 15)"#, "10.1.2.240/28"),
            (r#"cidrsubnet("192.168.2.0/20", 4, 6)"#, "192.168.6.0/24"),
            (r#"cidrsubnet("10.0.0.0/8", 0, 0)"#, "10.0.0.0/8"),
            (r#"cidrsubnet("10.0.0.0/8", "24", 1)"#, "10.0.0.1/32"),
            (r#"cidrsubnet("fe80::/48", 16, 6)"#, "fe80:0:0:6::/64"),
            (r#"cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162)"#, "fd00:fd12:3456:7800:a200::/72"),
            (r#"cidrsubnet("::ffff:192.168.0.0/112", 8, 6)"#, "192.168.6.0/24"),
            // What makes no sense gives what it gives in the reference.
            (r#"cidrsubnet("10.0.0.0/8", -4, 0)"#, "10.0.0.0/4"),
            (r#"cidrsubnet("10.0.0.0/8", -4, 1)"#, "26.0.0.0/4"),
            (r#"cidrsubnet("10.0.0.0/8", 8, -1)"#, "0.1.0.0/16"),
            (r#"cidrsubnet("10.0.0.0/8", -9, 0)"#, r"\u003cnil\u003e"),
            (r#"cidrsubnet("10.0.0.0/8", -9223372036854775808, 0)"#, r"\u003cnil\u003e"),
        ] {
            check(call, &format!("\"{expected}\" string"));
        }
        for (call, expected) in [
            (r#"cidrsubnet("192.168.0.0/30", 4, 6)"#, "insufficient address space to extend prefix of 30 by 4."),
            (
                r#"cidrsubnet("192.168.0.0/16", 2, 4)"#,
                "prefix extension of 2 does not accommodate a subnet numbered 4.",
            ),
            (
                r#"cidrsubnet("192.168.0.0/16", 0, 1)"#,
                "prefix extension of 0 does not accommodate a subnet numbered 1.",
            ),
            (r#"cidrsubnet("::/0", 33, 0)"#, "may not extend prefix by more than 32 bits."),
            (r#"cidrsubnet("x", 33, 0)"#, "invalid CIDR expression: invalid CIDR address: x."),
            (r#"cidrsubnet("x", 0.5, 0)"#, "value must be a whole number"),
            (r#"cidrsubnet("x", 1, 0.5)"#, "value must be a whole number"),
            (r#"cidrsubnet("10.0.0.0/8", -9223372036854775808, 1)"#, "does not accommodate a subnet numbered 1."),
            (r#"cidrsubnet("10.0.0.0/8", -1, 4294967295)"#, "does not accommodate a subnet numbered 4294967295."),
        ] {
            check_error(call, expected);
        }
        check(r#"cidrsubnet("10.0.0.0/8", unk, 1)"#, "unknown string");
    }

    #[test]
    fn many_subnets() {
        for (call, expected) in [
            (
                r#"cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)"#,
                r#"["10.1.0.0/20","10.1.16.0/20","10.1.32.0/24","10.1.48.0/20"]"#,
            ),
            (r#"cidrsubnets("10.0.0.0/8", 1, 1)"#, r#"["10.0.0.0/9","10.128.0.0/9"]"#),
            (
                r#"cidrsubnets("fd00:fd12:3456:7890::/56", 16, 16, 16, 32)"#,
                r#"["fd00:fd12:3456:7800::/72","fd00:fd12:3456:7800:100::/72","fd00:fd12:3456:7800:200::/72","fd00:fd12:3456:7800:300::/88"]"#,
            ),
            (r#"cidrsubnets("10.0.0.0/8")"#, "[]"),
            (r#"cidrsubnets("10.0.0.0/31", [1, "1"]...)"#, r#"["10.0.0.0/32","10.0.0.1/32"]"#),
        ] {
            check(call, &format!("{expected} list of string"));
        }
        for (call, expected) in [
            (
                r#"cidrsubnets("x", 1)"#,
                r#"Invalid value for "prefix" parameter: invalid CIDR expression: invalid CIDR address: x."#,
            ),
            (
                r#"cidrsubnets("10.0.0.0/8", 0)"#,
                r#"Invalid value for "newbits" parameter: must extend prefix by at least one bit."#,
            ),
            (r#"cidrsubnets("10.0.0.0/8", 33)"#, "may not extend prefix by more than 32 bits."),
            (
                r#"cidrsubnets("10.0.0.0/8", 25)"#,
                "would extend prefix to 33 bits, which is too long for an IPv4 address.",
            ),
            (r#"cidrsubnets("::/120", 9)"#, "would extend prefix to 129 bits, which is too long for an IPv6 address."),
            (r#"cidrsubnets("10.0.0.0/8", 1.5)"#, "value must be a whole number"),
            (
                r#"cidrsubnets("10.0.0.0/8", 1, 1, 1)"#,
                "not enough remaining address space for a subnet with a prefix of 9 bits after 10.128.0.0/9.",
            ),
            // Nothing comes before the first address of all, so nothing can follow it.
            (
                r#"cidrsubnets("0.0.0.0/8", 1)"#,
                "not enough remaining address space for a subnet with a prefix of 9 bits after 255.128.0.0/9.",
            ),
            (
                r#"cidrsubnets("::ffff:10.0.0.0/104", 8)"#,
                "not enough remaining address space for a subnet with a prefix of 112 bits after <nil>.",
            ),
        ] {
            check_error(call, expected);
        }
        check(r#"cidrsubnets("10.0.0.0/8", 1, unk)"#, "unknown list of string");
    }
}
