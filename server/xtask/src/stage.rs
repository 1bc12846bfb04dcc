//! Named steps with their times, so that whoever waits sees what is waited for.

use std::time::{Duration, Instant};

use crate::Failure;

/// The stages that have run.
pub struct Stages {
    begun: Instant,
    done: Vec<(String, Duration, bool)>,
}

impl Stages {
    /// None yet.
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Runs one stage under its name.
    pub fn run(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        eprintln!("==> {name}");
        let begun = Instant::now();
        let result = work();
        let took = begun.elapsed();
        self.done.push((name.to_owned(), took, result.is_ok()));
        let word = if result.is_ok() { "done" } else { "FAILED" };
        eprintln!("<== {name}: {word} in {}", text(took));
        result.map_err(|failure| Failure::new(format!("Stage '{name}' failed. {failure}")))
    }

    /// The table of all stages with their times.
    pub fn summary(&self) {
        eprintln!("\n{:<14} {:>9}", "stage", "time");
        for (name, took, well) in &self.done {
            let mark = if *well { "" } else { "  FAILED" };
            eprintln!("{name:<14} {:>9}{mark}", text(*took));
        }
        eprintln!("{:<14} {:>9}", "together", text(self.begun.elapsed()));
    }
}

fn text(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", time.as_secs_f32());
    }
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}
