//! A device as it is read.

use crate::{
    Fault,
    store::{At, row},
};
use message::{
    Digest, Thumbprint, Timestamp,
    device::{EnrolledBy, Rights, Standing},
    slip::Locator,
    text::Label,
};

/// A device.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) id: Thumbprint,
    pub(crate) customer: i64,
    pub(crate) name: Label,
    /// SubjectPublicKeyInfo.
    pub(crate) signing_key: Vec<u8>,
    /// SubjectPublicKeyInfo.
    pub(crate) encryption_key: Vec<u8>,
    /// The slip it came with.
    pub(crate) slip: Option<Locator>,
    /// Digest of the request for its certificates.
    pub(crate) request: Digest,
    pub(crate) standing: Standing,
    pub(crate) rights: Rights,
    pub(crate) enrolled_by: EnrolledBy,
    /// The device whose place it takes.
    pub(crate) predecessor: Option<Thumbprint>,
    pub(crate) nonce: Option<Vec<u8>>,
    /// The signed `enrolled`.
    pub(crate) enrolled: Option<String>,
    pub(crate) requested_at: Timestamp,
    pub(crate) active_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) suspended_at: Option<Timestamp>,
    pub(crate) replaced_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) certificates_until: Option<Timestamp>,
}

row! {
    pub(super) struct Row {
        id: Vec<u8>,
        customer: i64,
        name: String,
        signing_key: Vec<u8>,
        encryption_key: Vec<u8>,
        slip: Option<Vec<u8>>,
        request: Vec<u8>,
        status: String,
        rights: String,
        enrolled_by: String,
        predecessor: Option<Vec<u8>>,
        nonce: Option<Vec<u8>>,
        enrolled: Option<String>,
        requested_at: i64,
        active_at: Option<i64>,
        last_used_at: Option<i64>,
        suspended_at: Option<i64>,
        replaced_at: Option<i64>,
        revoked_at: Option<i64>,
        certificates_until: Option<i64>,
    }
}

const fn standing_of(word: &str) -> Option<Standing> {
    Some(match word.as_bytes() {
        b"requested" => Standing::New,
        b"enrolled" => Standing::Waiting,
        b"active" => Standing::Active,
        b"suspended" => Standing::Suspended,
        b"revoked" => Standing::Revoked,
        b"replaced" => Standing::Replaced,
        _ => return None,
    })
}

pub(super) const fn rights_word(rights: Rights) -> &'static str {
    match rights {
        Rights::Sign => "sign",
        Rights::View => "view",
    }
}

pub(super) const fn enrolled_by_word(by: EnrolledBy) -> &'static str {
    match by {
        EnrolledBy::Slip => "slip",
        EnrolledBy::Device => "device",
        EnrolledBy::Letter => "letter",
        EnrolledBy::Rotation => "rotation",
    }
}

impl TryFrom<Row> for Device {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        let at = |column| At("device", column);
        let locator = |bytes: Vec<u8>| Ok::<_, Fault>(Locator(at("slip").of(bytes.try_into())?));
        let predecessor = |id: Vec<u8>| at("predecessor").thumbprint(&id);
        Ok(Device {
            id: at("id").thumbprint(&row.id)?,
            customer: row.customer,
            name: at("name").of(Label::try_from(row.name))?,
            signing_key: row.signing_key,
            encryption_key: row.encryption_key,
            slip: row.slip.map(locator).transpose()?,
            request: at("request").digest(&row.request)?,
            standing: standing_of(&row.status).ok_or_else(|| at("status").fault())?,
            rights: match row.rights.as_str() {
                "sign" => Rights::Sign,
                "view" => Rights::View,
                _ => return Err(at("rights").fault()),
            },
            enrolled_by: match row.enrolled_by.as_str() {
                "slip" => EnrolledBy::Slip,
                "device" => EnrolledBy::Device,
                "letter" => EnrolledBy::Letter,
                "rotation" => EnrolledBy::Rotation,
                _ => return Err(at("enrolled_by").fault()),
            },
            predecessor: row.predecessor.map(predecessor).transpose()?,
            nonce: row.nonce,
            enrolled: row.enrolled,
            requested_at: row.requested_at,
            active_at: row.active_at,
            last_used_at: row.last_used_at,
            suspended_at: row.suspended_at,
            replaced_at: row.replaced_at,
            revoked_at: row.revoked_at,
            certificates_until: row.certificates_until,
        })
    }
}
