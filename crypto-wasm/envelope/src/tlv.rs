//! DER without types: tag, length, value. Key files of other tools are read and written with it.
//!
//! Nothing here recurses: a file's depth is the depth of the code that reads it.

/// `INTEGER`.
pub(crate) const INTEGER: u8 = 0x02;
/// `BIT STRING`.
pub(crate) const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`.
pub(crate) const OCTET_STRING: u8 = 0x04;
/// `NULL`.
pub(crate) const NULL: u8 = 0x05;
/// `OBJECT IDENTIFIER`.
pub(crate) const OID: u8 = 0x06;
/// `BMPString`.
pub(crate) const BMP_STRING: u8 = 0x1e;
/// `SEQUENCE`.
pub(crate) const SEQUENCE: u8 = 0x30;
/// `SET`.
pub(crate) const SET: u8 = 0x31;
/// `[0]`, primitive.
pub(crate) const CONTEXT_0_PRIMITIVE: u8 = 0x80;
/// `[0]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;

/// Why something cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It ends before its length says.
    Short,
    /// It is of indefinite length: BER, which is not DER.
    Indefinite,
    /// It is something else than expected.
    Form,
}

/// What stands one after the other inside of something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    /// Reads on in these bytes.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The parts of the one thing with this tag that the bytes begin with.
    pub(crate) fn of(tag: u8, bytes: &'a [u8]) -> Result<Self, Broken> {
        Items(bytes).take(tag).map(Items)
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag that comes next.
    pub(crate) fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// What comes next, which must have this tag: its value.
    pub(crate) fn take(&mut self, tag: u8) -> Result<&'a [u8], Broken> {
        if self.tag() == Some(tag) {
            self.any().map(|(_, value)| value)
        } else {
            Err(Broken::Form)
        }
    }

    /// The same with its parts.
    pub(crate) fn enter(&mut self, tag: u8) -> Result<Items<'a>, Broken> {
        self.take(tag).map(Items)
    }

    /// What comes next if it has this tag: its value.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Broken> {
        (self.tag() == Some(tag))
            .then(|| self.take(tag))
            .transpose()
    }

    /// What comes next, whatever it is: tag and value.
    pub(crate) fn any(&mut self) -> Result<(u8, &'a [u8]), Broken> {
        let (&tag, rest) = self.0.split_first().ok_or(Broken::Form)?;
        // Tags of more than one byte are in nothing that is read here.
        if tag & 0x1f == 0x1f {
            return Err(Broken::Form);
        }
        let (&first, rest) = rest.split_first().ok_or(Broken::Short)?;
        let (length, rest) = match first {
            0..0x80 => (usize::from(first), rest),
            0x80 => return Err(Broken::Indefinite),
            0x81..=0x83 => {
                let (bytes, rest) = rest
                    .split_at_checked(usize::from(first & 0x7f))
                    .ok_or(Broken::Short)?;
                let more = |length: usize, byte: &u8| (length << 8) | usize::from(*byte);
                (bytes.iter().fold(0, more), rest)
            }
            // Longer than any file that is looked at.
            _ => return Err(Broken::Form),
        };
        let (value, rest) = rest.split_at_checked(length).ok_or(Broken::Short)?;
        self.0 = rest;
        Ok((tag, value))
    }

    /// A number of at most 63 bits that is not negative.
    pub(crate) fn number(&mut self) -> Result<u64, Broken> {
        let value = self.take(INTEGER)?;
        let fits = value.len() <= 8 && value.first().is_some_and(|first| *first < 0x80);
        if !fits {
            return Err(Broken::Form);
        }
        let more = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
        Ok(value.iter().fold(0, more))
    }
}

/// A thing with this tag, made of these parts.
pub(crate) fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let bytes = length.to_be_bytes();
    let used = bytes.iter().skip_while(|byte| **byte == 0);
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(length as u8);
    } else {
        out.push(0x80 | used.clone().count() as u8);
        out.extend(used);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// A number that is not negative.
pub(crate) fn write_number(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    let used = bytes.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if used.first().is_some_and(|first| *first >= 0x80) {
        &[0]
    } else {
        &[]
    };
    write(INTEGER, &[sign, used])
}

#[cfg(test)]
mod tests;
