//! What the authority allows a bank: an extension of the bank CA's certificate.

use crate::Malformed;
use message::Thumbprint;
use x509_cert::der::{
    Decode, DecodeValue, Encode, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer,
    asn1::Utf8StringRef,
};

/// The extension's object identifier, under the documentation arc like the roles.
pub const LICENCE_OID: &str = "1.3.6.1.4.1.32473.2.1";

/// The most characters of each text in a licence.
const CHARS_MAX: usize = 64;

/// The terms of a bank's licence.
///
/// ```text
/// Licence ::= SEQUENCE {
///   number              UTF8String,
///   ibanPrefix          UTF8String,
///   settlementCapMinor  INTEGER,
///   class               UTF8String,
///   transportCa         UTF8String OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenceTerms {
    /// The licence's number in the authority's register.
    pub number: String,
    /// Country and bank code of the bank's IBANs, without the check digits: `DE37090502`.
    pub iban_prefix: String,
    /// The most that any other bank may be owed or owe, in minor units (euro cents).
    pub settlement_cap_minor: i64,
    /// The class of the licence: `retail`.
    pub class: String,
    /// The key of the bank's transport CA: where it is named, no other key is the bank's transport CA.
    pub transport_ca: Option<Thumbprint>,
}

impl LicenceTerms {
    pub(crate) fn check(&self) -> Result<(), Malformed> {
        let fits = |text: &str| {
            (1..=CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        let prefix = self.iban_prefix.as_bytes();
        let prefix_fits = (3..=32).contains(&prefix.len())
            && prefix.iter().take(2).all(u8::is_ascii_uppercase)
            && prefix
                .iter()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if fits(&self.number) && fits(&self.class) && prefix_fits && self.settlement_cap_minor >= 0
        {
            Ok(())
        } else {
            Err(Malformed("licence"))
        }
    }

    pub(crate) fn read(der: &[u8]) -> Result<Self, Malformed> {
        let terms = Self::from_der(der).map_err(|_| Malformed("licence"))?;
        terms.check()?;
        Ok(terms)
    }

    fn transport_ca(&self) -> Option<String> {
        self.transport_ca.map(|key| key.to_string())
    }

    fn parts(&self) -> Result<[Utf8StringRef<'_>; 3], x509_cert::der::Error> {
        Ok([
            Utf8StringRef::new(&self.number)?,
            Utf8StringRef::new(&self.iban_prefix)?,
            Utf8StringRef::new(&self.class)?,
        ])
    }
}

impl FixedTag for LicenceTerms {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for LicenceTerms {
    type Error = x509_cert::der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self, Self::Error> {
        Ok(Self {
            number: String::decode(reader)?,
            iban_prefix: String::decode(reader)?,
            settlement_cap_minor: i64::decode(reader)?,
            class: String::decode(reader)?,
            transport_ca: match Option::<String>::decode(reader)? {
                None => None,
                Some(key) => Some(Thumbprint::parse(&key).map_err(|_| Self::TAG.value_error())?),
            },
        })
    }
}

impl EncodeValue for LicenceTerms {
    fn value_len(&self) -> Result<Length, x509_cert::der::Error> {
        let [number, prefix, class] = self.parts()?;
        number.encoded_len()?
            + prefix.encoded_len()?
            + self.settlement_cap_minor.encoded_len()?
            + class.encoded_len()?
            + self.transport_ca().encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<(), x509_cert::der::Error> {
        let [number, prefix, class] = self.parts()?;
        number.encode(writer)?;
        prefix.encode(writer)?;
        self.settlement_cap_minor.encode(writer)?;
        class.encode(writer)?;
        self.transport_ca().encode(writer)
    }
}
