//! The processes of an instance: started under a small watchdog, found again through `/proc`, told to
//! end or killed.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Fault, Programs};

/// Runs PostgreSQL and ends it when the pipe from the process that started it closes, which it does
/// however that process ends. After such an end, and only then, the folder named first is removed.
const WATCHDOG: &str = r#"
remove=$1; shift
exec 3<&0
"$@" 3<&- </dev/null & server=$!
( read -r _ <&3; kill -INT "$server"; exit 1 ) & watcher=$!
wait "$server"; code=$?
kill "$watcher" 2>/dev/null
wait "$watcher"
if [ $? -eq 1 ] && [ -n "$remove" ]; then rm -rf -- "$remove"; fi
exit "$code"
"#;

/// Starts PostgreSQL on this data folder. It stands in a process group of its own, so that a Ctrl-C
/// at the terminal reaches us and not it: we decide in which order things end.
pub(crate) fn spawn(
    programs: &Programs,
    data: &Path,
    log: &Path,
    remove_afterwards: Option<&Path>,
) -> Result<Child, Fault> {
    let file = File::options().create(true).append(true).open(log);
    let file = file.map_err(Fault::files("write", log))?;
    let errors = file.try_clone().map_err(Fault::files("write", log))?;
    programs
        .shell(WATCHDOG)
        .arg(remove_afterwards.unwrap_or(Path::new("")))
        .arg(programs.path("postgres"))
        .arg("-D")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(file)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(Fault::files("run", &programs.path("postgres")))
}

/// The postmaster's process id, when it is alive.
pub(crate) fn postmaster(data: &Path) -> Option<Pid> {
    let pid = first_line(data)?
        .trim()
        .parse()
        .ok()
        .and_then(Pid::from_raw)?;
    belongs(pid, data).then_some(pid)
}

/// Whether the postmaster says that it takes connections.
pub(crate) fn is_ready(data: &Path) -> bool {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    text.lines()
        .nth(7)
        .is_some_and(|status| status.trim() == "ready")
}

fn first_line(data: &Path) -> Option<String> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().next().map(str::to_owned)
}

/// All living processes of the instance: each PostgreSQL process stands in its data folder.
pub(crate) fn members(data: &Path) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Pid::from_raw)
        .filter(|pid| belongs(*pid, data))
        .collect()
}

fn belongs(pid: Pid, data: &Path) -> bool {
    let folder = Path::new("/proc").join(pid.as_raw_nonzero().to_string());
    fs::read_link(folder.join("cwd")).is_ok_and(|cwd| cwd == data)
        && fs::read_to_string(folder.join("comm")).is_ok_and(|name| name.trim() == "postgres")
}

/// Tells the postmaster to end at once but cleanly.
pub(crate) fn interrupt(data: &Path) {
    if let Some(pid) = postmaster(data) {
        // Gone in the meantime is what was wanted.
        let _ = kill_process(pid, Signal::INT);
    }
}

/// Kills every process of the instance. The postmaster is held still first, so that it starts no
/// further ones.
pub(crate) async fn kill_all(data: &Path, limit: Duration) -> bool {
    wait_until(limit, || {
        let first = postmaster(data);
        if let Some(pid) = first {
            let _ = kill_process(pid, Signal::STOP);
        }
        let all = members(data);
        for pid in &all {
            let _ = kill_process(*pid, Signal::KILL);
        }
        all.is_empty() && first.is_none()
    })
    .await
}

/// Waits until the watchdog has ended, so that nothing of it is left.
pub(crate) async fn reap(mut child: Child, limit: Duration) -> bool {
    wait_until(limit, || !matches!(child.try_wait(), Ok(None))).await
}

/// Looks again and again until the condition holds or the limit is reached.
pub(crate) async fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() >= limit {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
