//! Why a text is not an address.

/// Why a text is not an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JidError {
    /// There is an `@` with nothing before it, or nothing is left of the localpart.
    #[error("the part before the @ is empty")]
    EmptyLocal,
    /// There is no domainpart.
    #[error("the domain is empty")]
    EmptyDomain,
    /// There is a `/` with nothing after it, or nothing is left of the resourcepart.
    #[error("the part after the / is empty")]
    EmptyResource,
    /// The localpart has more than 1023 bytes.
    #[error("the part before the @ is too long")]
    LocalTooLong,
    /// The domainpart has more than 1023 bytes.
    #[error("the domain is too long")]
    DomainTooLong,
    /// The resourcepart has more than 1023 bytes.
    #[error("the part after the / is too long")]
    ResourceTooLong,
    /// The localpart has a character it may not have (RFC 7622 §3.3).
    #[error("the part before the @ has a character that is not allowed")]
    InvalidLocal,
    /// The domainpart is neither a domain name nor an IP address (RFC 7622 §3.2).
    #[error("the domain is not a valid one")]
    InvalidDomain,
    /// The resourcepart has a character it may not have (RFC 7622 §3.4).
    #[error("the part after the / has a character that is not allowed")]
    InvalidResource,
    /// There is a resource where none may be.
    #[error("there is a part after a / where none belongs")]
    UnexpectedResource,
    /// There is no resource where one must be.
    #[error("there is no part after a / where one belongs")]
    MissingResource,
}
