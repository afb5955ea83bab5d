//! The layout of NTLM messages: numbers from the lowest byte on, and fields that stand behind them.

use crate::winrm::fault::Fault;

/// What every message begins with.
pub(super) const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// The bits by which both sides agree on what they do.
pub(super) mod flags {
    pub(in crate::winrm::ntlm) const UNICODE: u32 = 0x0000_0001;
    pub(in crate::winrm::ntlm) const REQUEST_TARGET: u32 = 0x0000_0004;
    pub(in crate::winrm::ntlm) const SIGN: u32 = 0x0000_0010;
    pub(in crate::winrm::ntlm) const SEAL: u32 = 0x0000_0020;
    pub(in crate::winrm::ntlm) const NTLM: u32 = 0x0000_0200;
    pub(in crate::winrm::ntlm) const ALWAYS_SIGN: u32 = 0x0000_8000;
    pub(in crate::winrm::ntlm) const EXTENDED_SECURITY: u32 = 0x0008_0000;
    pub(in crate::winrm::ntlm) const TARGET_INFO: u32 = 0x0080_0000;
    pub(in crate::winrm::ntlm) const VERSION: u32 = 0x0200_0000;
    pub(in crate::winrm::ntlm) const KEY_128: u32 = 0x2000_0000;
    pub(in crate::winrm::ntlm) const KEY_EXCHANGE: u32 = 0x4000_0000;
    pub(in crate::winrm::ntlm) const KEY_56: u32 = 0x8000_0000;
}

/// The kinds of facts about the other side.
pub(super) mod facts {
    pub(in crate::winrm::ntlm) const END: u16 = 0;
    pub(in crate::winrm::ntlm) const FLAGS: u16 = 6;
    pub(in crate::winrm::ntlm) const TIMESTAMP: u16 = 7;
    pub(in crate::winrm::ntlm) const TARGET_NAME: u16 = 9;
    pub(in crate::winrm::ntlm) const CHANNEL_BINDINGS: u16 = 10;
}

/// The version of NTLM, and of a Windows that speaks it.
pub(super) const VERSION: [u8; 8] = [10, 0, 0, 0, 0, 0, 0, 15];

/// The number at `at`.
pub(super) fn number(message: &[u8], at: usize) -> Result<u32, Fault> {
    let bytes = message.get(at..at + 4).ok_or(Fault::Ntlm("the challenge is too short"))?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// The field described at `at`.
pub(super) fn field(message: &[u8], at: usize) -> Result<&[u8], Fault> {
    let length = (number(message, at)? & 0xffff) as usize;
    let start = number(message, at + 4)? as usize;
    let field = start.checked_add(length).and_then(|end| message.get(start..end));
    field.ok_or(Fault::Ntlm("the challenge is cut off"))
}

/// The facts in a list.
pub(super) fn read_facts(mut list: &[u8]) -> Vec<(u16, &[u8])> {
    let mut found = Vec::new();
    while let [a, b, c, d, rest @ ..] = list {
        let (kind, length) = (u16::from_le_bytes([*a, *b]), usize::from(u16::from_le_bytes([*c, *d])));
        let Some((value, after)) = rest.split_at_checked(length).filter(|_| kind != facts::END) else { break };
        found.push((kind, value));
        list = after;
    }
    found
}

/// A list of facts.
pub(super) fn write_facts(facts: &[(u16, &[u8])]) -> Vec<u8> {
    let mut list = Vec::new();
    for (kind, value) in facts.iter().chain(&[(facts::END, &[][..])]) {
        list.extend(kind.to_le_bytes());
        list.extend((value.len() as u16).to_le_bytes());
        list.extend(*value);
    }
    list
}
