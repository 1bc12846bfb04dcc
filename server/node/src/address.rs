//! Where an instance is reached: its TCP port and the folder of its local socket.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::{Fault, root};

/// The longest path of a socket that the system takes, less the longest name PostgreSQL puts in it.
const SOCKET_FOLDER_MAX: usize = 107 - "/.s.PGSQL.65535.lock".len();

/// The port asked for, the one used before, or a free one; kept in a file for the next time.
pub(crate) fn choose_port(folder: &Path, wanted: Option<u16>) -> Result<u16, Fault> {
    let file = folder.join("port");
    let before = fs::read_to_string(&file)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let port = match wanted.or(before) {
        Some(port) => port,
        None => free_port().map_err(Fault::files("find a free port for", folder))?,
    };
    if before != Some(port) {
        fs::write(&file, format!("{port}\n")).map_err(Fault::files("write", &file))?;
    }
    Ok(port)
}

fn free_port() -> std::io::Result<u16> {
    for _ in 0..20 {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        if port_is_free(port) {
            return Ok(port);
        }
    }
    Err(std::io::ErrorKind::AddrInUse.into())
}

/// Whether nobody listens on this port of the local addresses. A machine without IPv6 has no address
/// to be taken.
pub(crate) fn port_is_free(port: u16) -> bool {
    let taken = |result: std::io::Result<TcpListener>| {
        result.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
    };
    !taken(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
        && !taken(TcpListener::bind((Ipv6Addr::LOCALHOST, port)))
}

/// The folder of the socket: in the node's own folder, or where that path is too long, in a short one
/// below the system's temporary folder.
pub(crate) fn socket_folder(folder: &Path) -> Result<PathBuf, Fault> {
    let own = folder.join("socket");
    if own.as_os_str().len() <= SOCKET_FOLDER_MAX {
        root::make(&own, 0o700)?;
        return Ok(own);
    }
    // FNV-1a: the same in every build, and nothing depends on it being hard to hit.
    let hash = folder
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let us = rustix::process::geteuid().as_raw();
    let short = std::env::temp_dir().join(format!("countersign-{us}-{hash:016x}"));
    root::make(&short, 0o700)?;
    let metadata = fs::symlink_metadata(&short).map_err(Fault::files("read", &short))?;
    let ours = metadata.is_dir() && metadata.mode() & 0o077 == 0;
    if !ours || (us != 0 && metadata.uid() != us) {
        return Err(Fault::InUse { folder: short });
    }
    Ok(short)
}
