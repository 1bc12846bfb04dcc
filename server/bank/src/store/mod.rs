//! The core's tables: one file owns the SQL of each. Rows are turned into values at once; a row that
//! our own statements cannot have written is a [`Fault::Row`] that names table and column.

use crate::Fault;
use message::{Currency, Digest, MessageId, SessionId, Thumbprint};

pub(crate) mod account;
pub(crate) mod alarm;
pub(crate) mod answer;
pub(crate) mod attested;
pub(crate) mod certificate;
pub(crate) mod certificate_request;
pub(crate) mod customer;
pub(crate) mod customer_day;
pub(crate) mod customer_order;
pub(crate) mod device;
pub(crate) mod device_order;
pub(crate) mod entry;
pub(crate) mod fault_log;
pub(crate) mod fee_taken;
pub(crate) mod figure;
pub(crate) mod hold;
pub(crate) mod inbox;
pub(crate) mod institution;
pub(crate) mod join;
pub(crate) mod key_set;
pub(crate) mod link;
pub(crate) mod link_item;
pub(crate) mod operator_removal;
pub(crate) mod outbox;
pub(crate) mod parameter_record;
pub(crate) mod payment_in;
pub(crate) mod payment_made;
pub(crate) mod payment_out;
pub(crate) mod peer;
pub(crate) mod peer_session;
pub(crate) mod posting;
pub(crate) mod processor;
pub(crate) mod quarantine;
pub(crate) mod receipt;
pub(crate) mod register;
pub(crate) mod revocation;
pub(crate) mod sealed_again;
pub(crate) mod session;
pub(crate) mod slip;
pub(crate) mod statement_line;
pub(crate) mod to_tell;
pub(crate) mod unreadable;
pub(crate) mod wrapped_key;

/// A struct whose fields are columns of a query, by their names. (The derive of sqlx does the same
/// and brings a second build of the whole driver, which a first start would wait for.)
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$note:meta])* $seen:vis $field:ident: $value:ty,)+
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$note])* $seen $field: $value,)+
        }

        impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for $name {
            fn from_row(row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
                Ok(Self {
                    $($field: sqlx::Row::try_get(row, stringify!($field))?,)+
                })
            }
        }
    };
}
pub(crate) use row;

/// Where a value was read, for the fault when it is not what it should be.
#[derive(Clone, Copy)]
pub(crate) struct At(pub(crate) &'static str, pub(crate) &'static str);

impl At {
    pub(crate) fn fault(self) -> Fault {
        Fault::Row {
            table: self.0,
            column: self.1,
        }
    }

    pub(crate) fn of<T, E>(self, result: Result<T, E>) -> Result<T, Fault> {
        result.map_err(|_| self.fault())
    }

    pub(crate) fn thumbprint(self, bytes: &[u8]) -> Result<Thumbprint, Fault> {
        self.of(Thumbprint::from_slice(bytes))
    }

    pub(crate) fn digest(self, bytes: &[u8]) -> Result<Digest, Fault> {
        self.of(Digest::from_slice(bytes))
    }

    pub(crate) fn message(self, bytes: &[u8]) -> Result<MessageId, Fault> {
        self.of(MessageId::from_slice(bytes))
    }

    pub(crate) fn session(self, bytes: &[u8]) -> Result<SessionId, Fault> {
        self.of(SessionId::from_slice(bytes))
    }

    pub(crate) fn currency(self, code: &str) -> Result<Currency, Fault> {
        Currency::parse(code).ok_or_else(|| self.fault())
    }
}
