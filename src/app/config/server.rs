//! Where the doors listen.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::reader::Reader;

/// Address and port of all doors.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `CI_PORT`, default 8090; 0 lets the system choose.
    pub port: u16,
    /// `CI_BIND`, default 127.0.0.1: the address to listen on; `localhost` is understood.
    pub bind: IpAddr,
}

impl ServerConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let bind = reader.shown_as(
            "CI_BIND",
            "address to listen on (127.0.0.1 unless set); anything but loopback needs all secrets set",
            |text| {
                let address = if text == "localhost" { Ok(Ipv4Addr::LOCALHOST.into()) } else { text.parse() };
                address
                    .map(|address: IpAddr| (address, address.to_string()))
                    .map_err(|error| format!("{error}; give an IP address, such as 127.0.0.1 or 0.0.0.0"))
            },
        );
        Self {
            port: reader.value("CI_PORT", 8090, "port to listen on"),
            bind: bind.unwrap_or(Ipv4Addr::LOCALHOST.into()),
        }
    }

    /// Address and port in one.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (self.bind, self.port).into()
    }

    /// Whether only programs of this machine can reach the doors.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.bind.to_canonical().is_loopback()
    }
}
