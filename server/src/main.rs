//! Countersign: `server demo` starts a whole network; `server --help` lists the roles.

fn main() -> std::process::ExitCode {
    server::cli::main()
}
