//! The command line: one subcommand for each role and each act of an operator.

use crate::{boot, demo, edge, roles, status, web};
use clap::{Args, Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// What any command may fail with; its words are for the person at the command line.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Internet banking in which nobody has to be believed.
#[derive(Parser)]
#[command(name = "server", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start two banks and an authority on this machine, with everything they need.
    Demo(demo::DemoArguments),
    /// Serve the pages of a bank.
    Web(RoleArguments),
    /// Serve the device interface /v1 of a bank.
    Edge(NamedRoleArguments),
    /// Open, check and post what is waiting for a bank.
    Processor(ProcessorArguments),
    /// Sign the certificate requests that a bank's processors have recorded.
    Registrar(RoleArguments),
    /// Bring the authority's register to the banks, and sign how far it goes.
    Authority(AuthorityArguments),
    /// Licences: how banks ask for them, and what two officers of the authority decide.
    #[command(subcommand)]
    Licence(roles::licence::LicenceCommand),
    /// Whom a bank believes: the whole tree of certificates, from the root.
    Trust(roles::operator::TrustArguments),
    /// Show the nodes, links, lag and queues of a bank.
    Status(BankArguments),
    /// Recompute the books of a bank from its messages and say whether they are right.
    Audit(BankArguments),
    /// Customers of a bank.
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Devices of customers.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Accounts of customers.
    #[command(subcommand)]
    Account(AccountCommand),
    /// The encryption key of a bank.
    #[command(subcommand)]
    Key(KeyCommand),
    /// The operators of a bank, with keys of their own.
    #[command(subcommand)]
    Operator(roles::operator::OperatorCommand),
    /// Limits, fees and times of a bank, laid down by two operators.
    #[command(subcommand)]
    Parameters(roles::operator::ParametersCommand),
    /// Measure payments per second, end to end, beside TPC-B-like transactions of the same run.
    Bench(crate::bench::BenchArguments),
}

impl Command {
    /// Whether it goes on until it is asked to stop, with a log that is read later.
    fn is_role(&self) -> bool {
        use Command::{Authority, Edge, Processor, Registrar, Web};
        match self {
            Processor(arguments) => arguments.act.is_none(),
            Authority(arguments) => arguments.act.is_none(),
            other => matches!(other, Web(_) | Edge(_) | Registrar(_)),
        }
    }
}

/// Which bank.
#[derive(Args, Clone)]
pub struct BankArguments {
    /// The bank's configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// A role of which a party has one.
#[derive(Args, Clone)]
pub struct RoleArguments {
    /// The party's configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// End when standard input closes (used by a supervising process).
    #[arg(long)]
    pub end_with_input: bool,
}

/// A role of which a party has several.
#[derive(Args, Clone)]
pub struct NamedRoleArguments {
    /// Which one, as the configuration names it.
    #[arg(long)]
    pub name: String,
    /// The role.
    #[command(flatten)]
    pub role: RoleArguments,
}

/// The role, or a ceremony of the authority.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
struct AuthorityArguments {
    #[command(subcommand)]
    act: Option<roles::authority::ceremony::AuthorityCommand>,
    #[command(flatten)]
    role: Option<RoleArguments>,
}

/// The role, or an act about processors.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct ProcessorArguments {
    #[command(subcommand)]
    act: Option<ProcessorCommand>,
    /// Which one, as the configuration names it.
    #[arg(long, required = true)]
    name: Option<String>,
    /// The party's configuration file.
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// End when standard input closes (used by a supervising process).
    #[arg(long)]
    end_with_input: bool,
}

impl ProcessorArguments {
    fn role(self) -> Option<NamedRoleArguments> {
        let role = RoleArguments {
            config: self.config?,
            end_with_input: self.end_with_input,
        };
        let name = self.name?;
        Some(NamedRoleArguments { name, role })
    }
}

#[derive(Subcommand)]
enum ProcessorCommand {
    /// On a new machine: make its keys, which never leave it, and ask to be admitted.
    Request(roles::operator::ProcessorRequest),
    /// Admit a new processor by its request, after its five words were compared.
    Admit(roles::operator::ProcessorAdmit),
    /// List the processors that the bank has or had.
    List(roles::operator::ProcessorList),
    /// Remove a processor: nothing it signs counts any more, and it can open nothing new.
    Remove(roles::operator::ProcessorRemove),
}

#[derive(Subcommand)]
enum CustomerCommand {
    /// Open a customer with an account and print an activation slip.
    Add(roles::operator::CustomerAdd),
    /// Print a new activation slip for a customer. The devices he has are told.
    Slip(roles::operator::CustomerSlip),
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Close an account: it takes no new business and keeps its entries.
    Close(roles::operator::AccountClose),
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Make a new key that devices and banks seal to. The old ones only open what was sealed before.
    Rotate(roles::operator::KeyRotate),
}

#[derive(Subcommand)]
enum DeviceCommand {
    /// List devices with their five words.
    List(roles::operator::DeviceList),
    /// Admit a new device with its initialisation letter.
    Admit(roles::operator::DeviceAdmit),
    /// Suspend a device: nothing it signs counts until it is resumed.
    Suspend(roles::operator::DeviceNamed),
    /// Let a suspended device count again.
    Resume(roles::operator::DeviceNamed),
    /// Revoke a device: nothing it signs from now on counts.
    Revoke(roles::operator::DeviceRevoke),
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    boot::logs(cli.command.is_role());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let code = match runtime.block_on(run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    };
    // A thread may still wait for input that never comes.
    runtime.shutdown_background();
    code
}

fn fail(error: &Failure) -> ExitCode {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(inner) = source {
        eprintln!("  because: {inner}");
        source = inner.source();
    }
    ExitCode::FAILURE
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Web(role) => web::run(&role).await,
        Command::Edge(role) => edge::run(&role).await,
        Command::Processor(arguments) => processor(arguments).await,
        Command::Registrar(role) => roles::registrar::run(&role).await,
        Command::Authority(AuthorityArguments { act: Some(act), .. }) => {
            roles::authority::ceremony::run(act).await
        }
        Command::Authority(AuthorityArguments { role, .. }) => {
            let role = role.ok_or("say --config, or what is to be done")?;
            roles::authority::run(&role).await
        }
        Command::Licence(command) => roles::licence::run(command).await,
        Command::Trust(arguments) => roles::operator::trust(&arguments).await,
        Command::Status(bank) => status::run(&bank).await,
        Command::Audit(bank) => roles::operator::audit(&bank).await,
        Command::Customer(command) => customer(command).await,
        Command::Device(command) => device(command).await,
        Command::Key(KeyCommand::Rotate(rotate)) => roles::operator::rotate_key(&rotate).await,
        Command::Account(AccountCommand::Close(close)) => {
            roles::operator::close_account(&close).await
        }
        Command::Operator(command) => roles::operator::operators(command).await,
        Command::Parameters(command) => roles::operator::parameters(command).await,
        Command::Bench(arguments) => crate::bench::run(arguments).await,
    }
}

async fn processor(arguments: ProcessorArguments) -> Result<(), Failure> {
    match arguments.act {
        Some(ProcessorCommand::Request(request)) => roles::operator::request_processor(&request),
        Some(ProcessorCommand::Admit(admit)) => roles::operator::admit_processor(&admit).await,
        Some(ProcessorCommand::List(list)) => roles::operator::list_processors(&list).await,
        Some(ProcessorCommand::Remove(remove)) => roles::operator::remove_processor(&remove).await,
        None => match arguments.role() {
            Some(role) => roles::processor::run(&role).await,
            None => Err("say --config and --name, or what is to be done".into()),
        },
    }
}

async fn customer(command: CustomerCommand) -> Result<(), Failure> {
    match command {
        CustomerCommand::Add(add) => roles::operator::add_customer(&add).await,
        CustomerCommand::Slip(slip) => roles::operator::print_new_slip(&slip).await,
    }
}

async fn device(command: DeviceCommand) -> Result<(), Failure> {
    match command {
        DeviceCommand::List(list) => roles::operator::list_devices(&list).await,
        DeviceCommand::Admit(admit) => roles::operator::admit_device(&admit).await,
        DeviceCommand::Suspend(named) => roles::operator::suspend_device(&named).await,
        DeviceCommand::Resume(named) => roles::operator::resume_device(&named).await,
        DeviceCommand::Revoke(revoke) => roles::operator::revoke_device(&revoke).await,
    }
}

impl RoleArguments {
    /// Resolves when this role should end: Ctrl-C, SIGTERM, or, where asked for, end of input.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        let with_input = self.end_with_input;
        async move {
            let input_closed = async {
                if !with_input {
                    return std::future::pending().await;
                }
                let mut input = tokio::io::stdin();
                let mut sink = [0_u8; 64];
                while matches!(
                    tokio::io::AsyncReadExt::read(&mut input, &mut sink).await,
                    Ok(1..)
                ) {}
            };
            tokio::select! {
                () = boot::shutdown() => {}
                () = input_closed => {}
            }
        }
    }
}
