//! Why an index cannot be used.

use std::path::{Path, PathBuf};

pub type Result<T> = std::result::Result<T, IndexError>;

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("{}: there is no index", path.display())]
    Missing { path: PathBuf },
    #[error("{}: {detail}", path.display())]
    Layout { path: PathBuf, detail: String },
    #[error("{}: another process writes this index", path.display())]
    Busy { path: PathBuf },
    #[error("{action}: {source}")]
    System { action: String, source: std::io::Error },
    #[error("{detail}")]
    Invalid { detail: String },
}

impl IndexError {
    /// Stable, for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            IndexError::Missing { .. } => "INDEX_MISSING",
            IndexError::Layout { .. } => "INDEX_LAYOUT",
            IndexError::Busy { .. } => "INDEX_BUSY",
            IndexError::System { .. } => "INDEX_SYSTEM",
            IndexError::Invalid { .. } => "INDEX_INVALID",
        }
    }

    pub(super) fn system(action: &str, path: &Path) -> Self {
        let source = std::io::Error::last_os_error();
        IndexError::System { action: format!("{action} {}", path.display()), source }
    }

    pub(super) fn io(action: &str, path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::NotFound {
            return IndexError::Missing { path: path.into() };
        }
        IndexError::System { action: format!("{action} {}", path.display()), source }
    }

    pub(super) fn layout(path: &Path, detail: impl Into<String>) -> Self {
        IndexError::Layout { path: path.into(), detail: detail.into() }
    }
}
