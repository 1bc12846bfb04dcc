//! One `initdb` per data folder, copied for each instance: a copy takes a fraction of the time.
//!
//! The copies share the system identifier that `initdb` drew. Logical replication does not look at it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

use crate::{Fault, Programs, root};

/// The superuser's name in every instance.
pub(crate) const SUPERUSER: &str = "postgres";

/// The template of this data folder, made when it is not there yet. Nothing is synced: what counts is
/// synced when the copy is.
pub(crate) fn template(programs: &Programs, root: &Path) -> Result<PathBuf, Fault> {
    let template = root.join("template");
    if template.is_dir() {
        return Ok(template);
    }
    root::make(root, 0o755)?;
    let parent = root.join(format!("template-{}", process::id()));
    remove(&parent)?;
    root::make(&parent, 0o700)?;
    programs.own(&parent)?;
    let data = parent.join("data");
    let user = format!("--username={SUPERUSER}");
    let data_arg = format!("--pgdata={}", data.display());
    let fixed = [
        "--no-sync",
        "--no-instructions",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    ];
    run(
        programs,
        &parent,
        &[&[data_arg.as_str(), user.as_str()], &fixed[..]].concat(),
    )?;
    // Whoever is first wins; the template is the same, whoever made it.
    if fs::rename(&data, &template).is_err() && !template.is_dir() {
        return Err(Fault::Program {
            program: "initdb".to_owned(),
            output: format!("the template could not be put into {}", root.display()),
        });
    }
    remove(&parent)?;
    Ok(template)
}

/// Copies the template to `data`, whole or not at all.
pub(crate) fn copy(
    programs: &Programs,
    root: &Path,
    data: &Path,
    durable: bool,
) -> Result<(), Fault> {
    let template = template(programs, root)?;
    let unfinished = data.with_extension("new");
    remove(&unfinished)?;
    copy_folder(&template, &unfinished)?;
    programs.own_all(&unfinished)?;
    if durable {
        run(
            programs,
            data,
            &["--sync-only", &format!("--pgdata={}", unfinished.display())],
        )?;
    }
    fs::rename(&unfinished, data).map_err(Fault::files("make", data))
}

/// Removes a folder with all it holds; none there is as good.
pub(crate) fn remove(folder: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Fault::files("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

fn run(programs: &Programs, folder: &Path, arguments: &[&str]) -> Result<(), Fault> {
    let mut command = programs.command("initdb");
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(Fault::files("run", &programs.path("initdb")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Fault::program(
        "initdb",
        folder,
        &[output.stdout, output.stderr].concat(),
    ))
}

/// Copies a folder: files with their permissions, links as links.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<(), Fault> {
    fs::create_dir_all(to).map_err(Fault::files("make", to))?;
    for entry in fs::read_dir(from).map_err(Fault::files("read", from))? {
        let entry = entry.map_err(Fault::files("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(Fault::files("read", &source))?;
        if kind.is_dir() {
            copy_folder(&source, &target)?;
        } else if kind.is_symlink() {
            let goal = fs::read_link(&source).map_err(Fault::files("read", &source))?;
            std::os::unix::fs::symlink(goal, &target).map_err(Fault::files("make", &target))?;
        } else {
            fs::copy(&source, &target).map_err(Fault::files("write", &target))?;
        }
    }
    let mode = fs::metadata(from)
        .map_err(Fault::files("read", from))?
        .permissions()
        .mode();
    fs::set_permissions(to, fs::Permissions::from_mode(mode))
        .map_err(Fault::files("set the permissions of", to))
}
