//! The extensions that each role's certificate has: made by the authority, demanded by the reader.

use crate::{LicenceTerms, Malformed, Party, Role, licence::LICENCE_OID, role::DOMAIN};
use message::Thumbprint;
use std::net::IpAddr;
use x509_cert::{
    der::{
        Encode,
        asn1::{Ia5String, ObjectIdentifier, OctetString},
        flagset::FlagSet,
        oid::AssociatedOid,
    },
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
            NameConstraints, SubjectAltName, SubjectKeyIdentifier,
            constraints::name::GeneralSubtree,
            name::{GeneralName, GeneralNames},
        },
    },
};

const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const LICENCE: ObjectIdentifier = ObjectIdentifier::new_unwrap(LICENCE_OID);

/// The most host names of a TLS server.
const TLS_NAMES_MAX: usize = 16;

/// All that the extensions of a certificate say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub role: Role,
    pub party: Party,
    /// Stands in the name: the key's own thumbprint, or that of the holder's signing key.
    pub holder: Thumbprint,
    /// Host names and addresses of a TLS server; empty for every other role.
    pub tls_names: Vec<String>,
    pub licence: Option<LicenceTerms>,
    /// First 20 bytes of the key's thumbprint.
    pub subject_key_id: [u8; 20],
    /// The same of the issuer's key.
    pub issuer_key_id: [u8; 20],
}

/// The identifier of a key in the extensions: the first 20 bytes of its thumbprint.
pub(crate) fn key_id(thumbprint: &Thumbprint) -> [u8; 20] {
    let mut id = [0; 20];
    id.copy_from_slice(&thumbprint.as_bytes()[..20]);
    id
}

impl Profile {
    /// The extensions in the one order in which they are written and read.
    pub(crate) fn write(&self) -> Result<Vec<Extension>, Malformed> {
        let mut extensions = vec![
            extension(true, &self.basic_constraints())?,
            extension(true, &KeyUsage(key_usage(self.role)))?,
            extension(true, &ExtendedKeyUsage(usages(self.role)?))?,
            extension(false, &SubjectAltName(self.names()?))?,
            extension(false, &SubjectKeyIdentifier(octets(self.subject_key_id)?))?,
            extension(
                false,
                &AuthorityKeyIdentifier {
                    key_identifier: Some(octets(self.issuer_key_id)?),
                    ..AuthorityKeyIdentifier::default()
                },
            )?,
        ];
        if let Some(permitted) = self.role.permitted_names(&self.party) {
            extensions.push(extension(true, &name_constraints(&permitted)?)?);
        }
        if let Some(licence) = &self.licence {
            licence.check()?;
            extensions.push(Extension {
                extn_id: LICENCE,
                critical: false,
                extn_value: OctetString::new(licence.to_der().map_err(wrong)?).map_err(wrong)?,
            });
        }
        Ok(extensions)
    }

    /// Reads extensions: they must be, byte for byte, what [`Profile::write`] makes of what they
    /// say. So a certificate has exactly the usages, lengths and constraints of its role.
    pub(crate) fn read(extensions: &[Extension]) -> Result<Self, Malformed> {
        let usage: ExtendedKeyUsage = find(extensions)?;
        let role = usage.0.iter().find_map(Role::from_usage_oid);
        let role = role.ok_or(Malformed("certificate"))?;
        let names: SubjectAltName = find(extensions)?;
        let (holder, party, tls_names) = read_names(&names.0, role)?;
        let subject: SubjectKeyIdentifier = find(extensions)?;
        let issuer: AuthorityKeyIdentifier = find(extensions)?;
        let issuer = issuer.key_identifier.ok_or(Malformed("certificate"))?;
        let licence = extensions
            .iter()
            .find(|extension| extension.extn_id == LICENCE)
            .map(|extension| LicenceTerms::read(extension.extn_value.as_bytes()))
            .transpose()?;
        if licence.is_some() != (role == Role::BankCa) {
            return Err(Malformed("certificate"));
        }
        let profile = Self {
            role,
            party,
            holder,
            tls_names,
            licence,
            subject_key_id: subject.0.as_bytes().try_into().map_err(wrong)?,
            issuer_key_id: issuer.as_bytes().try_into().map_err(wrong)?,
        };
        if profile.write()? == extensions {
            Ok(profile)
        } else {
            Err(Malformed("certificate"))
        }
    }

    fn basic_constraints(&self) -> BasicConstraints {
        BasicConstraints {
            ca: self.role.path_length().is_some(),
            path_len_constraint: self.role.path_length(),
        }
    }

    fn names(&self) -> Result<GeneralNames, Malformed> {
        let (holder, role) = (self.holder.dns_label(), self.role.word());
        let own = format!("{holder}.{role}.{}.{DOMAIN}", self.party.lower());
        let mut names = vec![dns(&own)?];
        for name in &self.tls_names {
            names.push(tls_name(name)?);
        }
        Ok(names)
    }
}

fn wrong<E>(_: E) -> Malformed {
    Malformed("certificate")
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension, Malformed> {
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(value.to_der().map_err(wrong)?).map_err(wrong)?,
    })
}

fn find<T>(extensions: &[Extension]) -> Result<T, Malformed>
where
    T: AssociatedOid + for<'a> x509_cert::der::Decode<'a>,
{
    let extension = extensions
        .iter()
        .find(|extension| extension.extn_id == T::OID)
        .ok_or(Malformed("certificate"))?;
    T::from_der(extension.extn_value.as_bytes()).map_err(wrong)
}

fn octets(bytes: [u8; 20]) -> Result<OctetString, Malformed> {
    OctetString::new(bytes.to_vec()).map_err(wrong)
}

fn key_usage(role: Role) -> FlagSet<KeyUsages> {
    match role {
        // These keys sign messages, too: the key set, and revocations of devices.
        Role::BankCa | Role::EnrolmentCa => {
            KeyUsages::KeyCertSign | KeyUsages::CRLSign | KeyUsages::DigitalSignature
        }
        Role::Root | Role::ProcessorCa | Role::TransportCa => {
            KeyUsages::KeyCertSign | KeyUsages::CRLSign
        }
        Role::ProcessorUnwrap | Role::DeviceEncryption => KeyUsages::KeyEncipherment.into(),
        _ => KeyUsages::DigitalSignature.into(),
    }
}

/// The private usage of the role; TLS needs the well-known ones beside it.
fn usages(role: Role) -> Result<Vec<ObjectIdentifier>, Malformed> {
    let mut usages = vec![role.usage_oid()?];
    if matches!(role, Role::TransportCa | Role::TransportServer) {
        usages.push(SERVER_AUTH);
    }
    if matches!(role, Role::TransportCa | Role::TransportClient) {
        usages.push(CLIENT_AUTH);
    }
    Ok(usages)
}

fn dns(name: &str) -> Result<GeneralName, Malformed> {
    Ia5String::new(name)
        .map(GeneralName::DnsName)
        .map_err(wrong)
}

/// A host name in small letters, or an IP address in its usual spelling.
fn tls_name(name: &str) -> Result<GeneralName, Malformed> {
    if let Ok(address) = name.parse::<IpAddr>() {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        return OctetString::new(bytes)
            .map(GeneralName::IpAddress)
            .map_err(wrong);
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let under_domain = name == DOMAIN || name.ends_with(&format!(".{DOMAIN}"));
    if name.len() > 253 || !name.split('.').all(label) || under_domain {
        return Err(Malformed("host name"));
    }
    dns(name)
}

fn name_constraints(permitted: &[String]) -> Result<NameConstraints, Malformed> {
    let subtree = |name: &String| {
        dns(name).map(|base| GeneralSubtree {
            base,
            minimum: 0,
            maximum: None,
        })
    };
    Ok(NameConstraints {
        permitted_subtrees: Some(permitted.iter().map(subtree).collect::<Result<_, _>>()?),
        excluded_subtrees: None,
    })
}

/// The first name says who; a TLS server's host names follow.
fn read_names(
    names: &GeneralNames,
    role: Role,
) -> Result<(Thumbprint, Party, Vec<String>), Malformed> {
    let error = Malformed("certificate");
    let (Some(GeneralName::DnsName(own)), rest) = (names.first(), names.iter().skip(1)) else {
        return Err(error);
    };
    let mut labels = own.as_str().splitn(4, '.');
    let (Some(holder), Some(word), Some(party), Some(DOMAIN)) =
        (labels.next(), labels.next(), labels.next(), labels.next())
    else {
        return Err(error);
    };
    let party = Party::from_lower(party).ok_or(error)?;
    let holder = Thumbprint::from_dns_label(holder).map_err(wrong)?;
    let tls_names = rest.map(read_tls_name).collect::<Result<Vec<_>, _>>()?;
    let count_fits = match role {
        Role::TransportServer => (1..=TLS_NAMES_MAX).contains(&tls_names.len()),
        _ => tls_names.is_empty(),
    };
    if word != role.word() || !count_fits {
        return Err(error);
    }
    Ok((holder, party, tls_names))
}

fn read_tls_name(name: &GeneralName) -> Result<String, Malformed> {
    match name {
        GeneralName::DnsName(name) => Ok(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
                return Ok(IpAddr::from(octets).to_string());
            }
            let octets = <[u8; 16]>::try_from(bytes).map_err(wrong)?;
            Ok(IpAddr::from(octets).to_string())
        }
        _ => Err(Malformed("certificate")),
    }
}
