//! The guest list of an instance that runs: somebody more comes in, somebody comes no more. What
//! PostgreSQL itself names as its files is changed, so the instance may have been started by anybody.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use sqlx::Connection as _;
use sqlx::postgres::PgConnectOptions;

use crate::{Admission, Fault, access, database};

/// Lets one more in, at once; who is on the list already stays as he is. `name` is for messages.
///
/// # Errors
/// When the files cannot be written here, or PostgreSQL does not take them over.
pub async fn let_in(
    superuser: &PgConnectOptions,
    name: &str,
    admission: &Admission,
) -> Result<(), Fault> {
    let files = files(superuser).await?;
    let lines = access::lines(admission)?;
    change(&files, |at, text| {
        let line = lines.get(at).map(String::as_str).unwrap_or_default();
        let known = text.lines().any(|known| known == line);
        let end = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        (!known).then(|| format!("{text}{end}{line}\n"))
    })?;
    database::reload(superuser, name).await
}

/// Takes a guest from the list. Connections that are open stay.
///
/// # Errors
/// As [`let_in`].
pub async fn turn_away(
    superuser: &PgConnectOptions,
    name: &str,
    admission: &Admission,
) -> Result<(), Fault> {
    let files = files(superuser).await?;
    let lines = access::lines(admission)?;
    change(&files, |at, text| {
        let line = lines.get(at).map(String::as_str).unwrap_or_default();
        let kept = text.lines().filter(|known| *known != line);
        let kept: String = kept.flat_map(|line| [line, "\n"]).collect();
        (kept != text).then_some(kept)
    })?;
    database::reload(superuser, name).await
}

/// Who may come in, and which name stands for whom.
async fn files(superuser: &PgConnectOptions) -> Result<[PathBuf; 2], Fault> {
    let mut connection = database::connect(superuser).await?;
    let (rules, mappings): (String, String) =
        sqlx::query_as("SELECT current_setting('hba_file'), current_setting('ident_file')")
            .fetch_one(&mut connection)
            .await?;
    connection.close().await?;
    Ok([rules, mappings].map(PathBuf::from))
}

fn change(
    files: &[PathBuf; 2],
    change: impl Fn(usize, &str) -> Option<String>,
) -> Result<(), Fault> {
    for (at, path) in files.iter().enumerate() {
        let text = fs::read_to_string(path).map_err(Fault::files("read", path))?;
        if let Some(changed) = change(at, &text) {
            replace(path, &changed)?;
        }
    }
    Ok(())
}

/// The new text appears at once and whole, and belongs to whom the old one did.
fn replace(path: &Path, text: &str) -> Result<(), Fault> {
    let before = fs::metadata(path).map_err(Fault::files("read", path))?;
    let unfinished = path.with_extension("new");
    let write = || {
        let mut options = fs::File::options();
        let mut file = options
            .create(true)
            .write(true)
            .truncate(true)
            .mode(before.mode() & 0o777)
            .open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        chown(&unfinished, Some(before.uid()), Some(before.gid()))
    };
    write().map_err(Fault::files("write", &unfinished))?;
    fs::rename(&unfinished, path).map_err(Fault::files("write", path))
}
