//! Errors of the ring. One flat enum; `reason` is the stable code that crosses languages.

use std::path::PathBuf;

pub type Result<T, E = RingError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum RingError {
    #[error("ring is full: no room for {needed} bytes behind the slowest gating reader{}", slowest.as_ref().map(|n| format!(" '{n}'")).unwrap_or_default())]
    Full { needed: u64, slowest: Option<String> },
    #[error("{what} of {size} bytes is above this ring's limit of {limit} bytes")]
    TooLarge { what: &'static str, size: u64, limit: u64 },
    #[error("ring {path} was halted")]
    Halted { path: PathBuf },
    #[error("{what} is closed")]
    Closed { what: &'static str },
    #[error("this ring handle belongs to the parent process; attach again after the fork")]
    Forked,
    #[error("reader '{name}' was evicted at sequence {sequence}")]
    Evicted { name: String, sequence: u64 },
    #[error("reader '{dependency}', which '{name}' runs behind, has gone")]
    DependencyLost { name: String, dependency: String },
    #[error("{what} is in use by live process {pid}")]
    Busy { what: String, pid: u32 },
    #[error("all {limit} {what} slots of the ring are taken")]
    TableFull { what: &'static str, limit: u32 },
    #[error("no ring at {path}")]
    Missing { path: PathBuf },
    #[error("{path} exists already")]
    Exists { path: PathBuf },
    #[error("{path} is refused as a ring: {detail}")]
    Layout { path: PathBuf, kind: LayoutFault, detail: String },
    #[error("{action} failed: {source}")]
    System {
        action: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{detail}")]
    Invalid { detail: String },
}

/// Why a file was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayoutFault {
    /// Not a ring file at all.
    Foreign,
    /// A ring file, but its header or size does not add up.
    Torn,
    /// A ring file of another layout version.
    Version,
    /// An intact ring whose geometry is not the one that was asked for.
    Geometry,
}

impl RingError {
    /// Stable code, the same in every language.
    pub fn reason(&self) -> &'static str {
        match self {
            RingError::Full { .. } => "RING_FULL",
            RingError::TooLarge { .. } => "RING_TOO_LARGE",
            RingError::Halted { .. } => "RING_HALTED",
            RingError::Closed { .. } => "RING_CLOSED",
            RingError::Forked => "RING_FORKED",
            RingError::Evicted { .. } => "RING_EVICTED",
            RingError::DependencyLost { .. } => "RING_DEPENDENCY_LOST",
            RingError::Busy { .. } => "RING_BUSY",
            RingError::TableFull { .. } => "RING_TABLE_FULL",
            RingError::Missing { .. } => "RING_MISSING",
            RingError::Exists { .. } => "RING_EXISTS",
            RingError::Layout { kind, .. } => match kind {
                LayoutFault::Foreign => "RING_FOREIGN",
                LayoutFault::Torn => "RING_TORN",
                LayoutFault::Version => "RING_VERSION",
                LayoutFault::Geometry => "RING_GEOMETRY",
            },
            RingError::System { .. } => "RING_SYSTEM",
            RingError::Invalid { .. } => "RING_INVALID",
        }
    }

    pub(crate) fn system(action: impl Into<String>) -> Self {
        RingError::System { action: action.into(), source: std::io::Error::last_os_error() }
    }
}
