//! Child processes of the demo: started, restarted when they die, stopped with their parent.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    process::{Child, ChildStdin, Command},
    sync::watch,
    task::JoinSet,
};

/// How long a role that died stays down before it is started again: long enough to watch the others
/// take over.
const RESTART_AFTER: Duration = Duration::from_secs(3);
/// How long a role may take to end by itself.
const STOP_LIMIT: Duration = Duration::from_secs(8);

/// One role process.
#[derive(Clone, Debug)]
pub struct Role {
    /// What it is called in messages and logs: `halddeff processor-1`.
    pub title: String,
    /// The arguments of the server binary.
    pub arguments: Vec<String>,
    /// Where its output goes.
    pub log: PathBuf,
}

/// All role processes of a demo.
pub struct Supervisor {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Supervisor {
    /// Starts every role. Each is told to end when its standard input closes, so none outlives the
    /// demo, however the demo ends.
    pub fn start(program: PathBuf, roles: Vec<Role>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let program = Arc::new(program);
        let mut tasks = JoinSet::new();
        for role in roles {
            tasks.spawn(keep(program.clone(), role, stopped.clone()));
        }
        Self { stop, tasks }
    }

    /// Ends every role and waits until they are gone.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Keeps one role alive until told to stop.
async fn keep(program: Arc<PathBuf>, role: Role, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match spawn(&program, &role) {
            Ok((mut child, stdin)) => {
                let ended = tokio::select! {
                    status = child.wait() => Some(status),
                    _ = stopped.changed() => None,
                };
                match ended {
                    None => return end(child, stdin).await,
                    Some(status) => announce(&role, status),
                }
            }
            Err(error) => println!("  {} does not start: {error}", role.title),
        }
        tokio::select! {
            () = tokio::time::sleep(RESTART_AFTER) => {}
            _ = stopped.changed() => {}
        }
    }
}

fn announce(role: &Role, status: std::io::Result<ExitStatus>) {
    let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    println!(
        "  {} has ended ({how}) and is started again; its log: {}",
        role.title,
        role.log.display()
    );
}

fn spawn(program: &Path, role: &Role) -> std::io::Result<(Child, Option<ChildStdin>)> {
    if let Some(folder) = role.log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let log = File::options().create(true).append(true).open(&role.log)?;
    let mut child = Command::new(program)
        .args(&role.arguments)
        .arg("--end-with-input")
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        // Ctrl-C reaches the demo alone; it then ends its children in order.
        .process_group(0)
        .spawn()?;
    let stdin = child.stdin.take();
    Ok((child, stdin))
}

async fn end(mut child: Child, stdin: Option<ChildStdin>) {
    drop(stdin);
    if tokio::time::timeout(STOP_LIMIT, child.wait())
        .await
        .is_err()
    {
        let _ = child.kill().await;
    }
}
