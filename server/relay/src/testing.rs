//! What the tests of this crate share: stores in fresh databases, and people who log in there.

use crate::edge_store::EdgeStore;
use crate::front::{Front, OutEnvelope};
use crate::gateway::Gateway;
use crate::holder::{self, Group};
use crate::link::chain::{self, Position};
use crate::link::{Ends, LinkItem, Party, provision};
use crate::{RelayError, connect, migrate};
use message::Thumbprint;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use std::time::{Duration, Instant};

/// A database with the tables of one kind of node.
pub(crate) struct Store {
    pub(crate) superuser: PgConnectOptions,
}

pub(crate) fn halden() -> Party {
    Party::from_lower("halddeff").unwrap()
}

pub(crate) fn brisa() -> Party {
    Party::from_lower("brisdemm").unwrap()
}

/// The link as Halden sees it.
pub(crate) fn ends() -> Ends {
    Ends::new(halden(), brisa()).unwrap()
}

pub(crate) async fn front() -> Store {
    let superuser = node::testing::instance().await.fresh_database().await;
    migrate::front(&superuser).await.unwrap();
    // A second time changes nothing.
    migrate::front(&superuser).await.unwrap();
    Store { superuser }
}

/// Halden's gateway to Brisa, not linked.
pub(crate) async fn gateway() -> Store {
    let superuser = node::testing::instance().await.fresh_database().await;
    migrate::gateway(&superuser, &ends()).await.unwrap();
    migrate::gateway(&superuser, &ends()).await.unwrap();
    Store { superuser }
}

impl Store {
    pub(crate) async fn superuser(&self) -> PgConnection {
        self.superuser.connect().await.unwrap()
    }

    /// A pool of somebody who has just been welcomed. Roles belong to the instance, which tests
    /// share: the name of the database makes them this test's own.
    pub(crate) async fn login(&self, group: Group) -> PgPool {
        let database = self.superuser.get_database().unwrap();
        let role = format!("{group}_{database}");
        let statements = holder::welcome(&role, group).unwrap();
        provision::run(&mut self.superuser().await, &statements)
            .await
            .unwrap();
        connect(self.superuser.clone().username(&role), 8)
    }

    pub(crate) async fn edge(&self) -> EdgeStore {
        EdgeStore::new(self.login(Group::Edge).await)
    }

    pub(crate) async fn front(&self) -> Front {
        Front::new(self.login(Group::Processor).await)
    }

    pub(crate) async fn gateway(&self) -> Gateway {
        Gateway::new(self.login(Group::Processor).await)
    }
}

/// Runs a statement and answers the SQLSTATE that refused it, or how many rows it touched.
pub(crate) async fn attempt(
    who: impl sqlx::PgExecutor<'_>,
    statement: &str,
) -> Result<u64, String> {
    match sqlx::query(AssertSqlSafe(statement)).execute(who).await {
        Ok(done) => Ok(done.rows_affected()),
        Err(sqlx::Error::Database(error)) => Err(error.code().unwrap_or_default().into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// PostgreSQL's code for a missing right.
pub(crate) const NOT_PERMITTED: &str = "42501";

/// Our code for a change of what never changes.
pub(crate) const IMMUTABLE: &str = "CSI01";

pub(crate) fn device(number: u8) -> Thumbprint {
    Thumbprint::new([number; 32])
}

/// A message for a device; its id is that of its text.
pub(crate) fn letter(to: &Thumbprint, body: &str) -> OutEnvelope {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body.as_bytes());
    OutEnvelope {
        id: hash.as_ref().try_into().unwrap(),
        mailbox: *to,
        body: body.to_owned(),
        expires_at: None,
    }
}

/// Opens a mailbox as an edge does, and answers the session.
pub(crate) async fn open(edge: &EdgeStore, device: &Thumbprint) -> Result<String, RelayError> {
    let challenge = format!("challenge of {device}");
    let session = format!("session of {device}");
    edge.put_challenge(&challenge).await.unwrap();
    edge.open_mailbox(&challenge, &session, device, 600).await?;
    Ok(session)
}

/// Asks again until the answer is yes.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut question: impl FnMut() -> F) {
    let start = Instant::now();
    while !question().await {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "waited too long: {what}"
        );
        tokio::task::yield_now().await;
    }
}

/// The first items that one party sends another.
pub(crate) fn items(sender: &Party, receiver: &Party, count: u64) -> Vec<LinkItem> {
    let mut position = Position::start(sender, receiver, 1);
    let mut items = Vec::new();
    for number in 1..=count {
        let body = format!("sealed {number}").into_bytes();
        let (item, next) = position.append("envelope", body).unwrap();
        items.push(item);
        position = next;
    }
    items
}

/// An item with this in it, rehashed so that it looks right by itself.
pub(crate) fn forged(item: &LinkItem, body: &[u8]) -> LinkItem {
    let hash = chain::item_hash(&item.prev, item.epoch, item.seq, &item.kind, body);
    LinkItem {
        hash,
        body: body.to_vec(),
        ..item.clone()
    }
}

/// Writes an item into a table as whoever `who` is, past all functions.
pub(crate) async fn insert(
    who: impl sqlx::PgExecutor<'_>,
    table: &str,
    item: &LinkItem,
) -> Result<u64, String> {
    let hex = |bytes: &[u8]| format!("'\\x{}'", data_encoding::HEXLOWER.encode(bytes));
    let LinkItem {
        epoch,
        seq,
        prev,
        hash,
        kind,
        body,
    } = item;
    let (prev, hash, body) = (hex(prev.as_bytes()), hex(hash.as_bytes()), hex(body));
    let columns = "(epoch, seq, prev, hash, kind, body)";
    let values = format!("({epoch}, {seq}, {prev}, {hash}, '{kind}', {body})");
    attempt(
        who,
        &format!("INSERT INTO {table} {columns} VALUES {values}"),
    )
    .await
}
