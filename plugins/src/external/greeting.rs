//! The line with which a plugin tells where it can be reached: `5|0|unix|/tmp/plugin123`.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The version of the plugin interface that is spoken here.
pub const API: (u32, u32) = (5, 0);

/// How much is repeated of a line that is no greeting: there may be no end to it.
const LONGEST: usize = 200;

/// What a plugin said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Where it waits for us.
    pub address: Address,
}

/// Where a plugin waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// At a socket of the file system.
    Unix(PathBuf),
    /// At a port of this machine.
    Tcp(SocketAddr),
}

/// Why a line is no greeting for us.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum GreetingFault {
    /// No greeting at all.
    #[error("Unrecognized remote plugin message: {0}")]
    Unrecognized(String),
    /// A greeting of the time before plugins told their version.
    #[error(
        "The protocol of this plugin (protocol version 4 and lower) was deprecated, please use a newer version of this \
         plugin.Or use an older version of Packer (pre 1.7) with this plugin."
    )]
    TooOld,
    /// Another major version.
    #[error("Incompatible API MAJOR version with plugin. plugin MINOR API version: {plugin}, Ours: {}", API.0)]
    Major {
        /// The plugin's.
        plugin: String,
    },
    /// A later minor version.
    #[error(
        "Incompatible API MINOR version with plugin. plugin MINOR API version: {plugin}, Ours: {}. Please upgrade Packer.",
        API.1
    )]
    Minor {
        /// The plugin's.
        plugin: String,
    },
}

impl Greeting {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// When it is no greeting, or of a version that is not understood here.
    pub fn parse(line: &str) -> Result<Self, GreetingFault> {
        let unrecognized = || GreetingFault::Unrecognized(line.chars().take(LONGEST).collect());
        let parts: Vec<&str> = line.trim().splitn(4, '|').collect();
        let [major, minor, network, address] = match parts[..] {
            [major, minor, network, address] => [major, minor, network, address],
            [_, _, _] => return Err(GreetingFault::TooOld),
            _ => return Err(unrecognized()),
        };
        match major.parse::<u32>() {
            Ok(major) if major == API.0 => {}
            Ok(major) => return Err(GreetingFault::Major { plugin: major.to_string() }),
            Err(_) => return Err(unrecognized()),
        }
        if minor.parse::<u32>().is_ok_and(|minor| minor > API.1) {
            return Err(GreetingFault::Minor { plugin: minor.to_owned() });
        }
        let address = match network {
            "unix" => Address::Unix(address.into()),
            "tcp" => Address::Tcp(address.parse().map_err(|_| unrecognized())?),
            _ => return Err(unrecognized()),
        };
        Ok(Self { address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_greetings_or_say_why_not() {
        let unix = |path: &str| Ok(Address::Unix(path.into()));
        for (line, expected) in [
            ("5|0|unix|/tmp/a|b", unix("/tmp/a|b")),
            (" 5|0|unix|/tmp/a\r", unix("/tmp/a")),
            ("5|0|tcp|127.0.0.1:10001", Ok(Address::Tcp("127.0.0.1:10001".parse().unwrap()))),
            ("5|0|tcp|nowhere", Err("Unrecognized remote plugin message: 5|0|tcp|nowhere")),
            ("\u{fffd}|x|\u{fffd}|x", Err("Unrecognized remote plugin message: \u{fffd}|x|\u{fffd}|x")),
            ("hello", Err("Unrecognized remote plugin message: hello")),
            ("", Err("Unrecognized remote plugin message: ")),
            ("1|unix|/x", Err("The protocol of this plugin (protocol version 4 and lower) was deprecated")),
            ("6|0|unix|/x", Err("Incompatible API MAJOR version with plugin. plugin MINOR API version: 6, Ours: 5")),
            ("5|1|unix|/x", Err("Incompatible API MINOR version with plugin. plugin MINOR API version: 1, Ours: 0")),
        ] {
            match (Greeting::parse(line), expected) {
                (Ok(greeting), expected) => assert_eq!(Ok(greeting.address), expected, "{line}"),
                (Err(fault), Err(text)) => assert!(fault.to_string().starts_with(text), "{fault}"),
                (Err(fault), Ok(_)) => panic!("{line}: {fault}"),
            }
        }
    }
}
