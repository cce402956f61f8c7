//! Bytes: a snapshot's input behind one type, and bounded reads on it.
//!
//! Knows files, mappings, checksums and compression; knows nothing of the snapshot format.
//! The crate's only `unsafe` is here.
#![allow(unsafe_code)]

pub mod crc64;
mod cursor;
mod error;
pub mod flags;
#[cfg(target_arch = "x86_64")]
mod folded;
pub mod lzf;

pub use cursor::Cursor;
pub use error::{Fault, Kind, Stop};

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::OnceLock;

/// The bytes of a snapshot: a mapped file, or memory where the input is a pipe.
#[derive(Debug)]
pub struct Snapshot {
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    /// With the file, from which single bytes can be read without mapping those around them.
    Mapped(memmap2::Mmap, File),
    Owned(Vec<u8>),
}

impl Snapshot {
    /// Opens the file at `path`: maps a regular file, reads a pipe to its end.
    ///
    /// A pipe is read into memory only when it starts as a snapshot does.
    ///
    /// # Errors
    /// Those of the system, and [`io::ErrorKind::IsADirectory`].
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let kind = file.metadata()?;
        if kind.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
        }
        if !kind.is_file() {
            return Self::read(file);
        }
        if kind.len() == 0 {
            return Ok(Self::from(Vec::new()));
        }
        guard::watch(path);
        // SAFETY: the mapping is private and read-only, so nothing in this process writes to it.
        // Another process can: a file rewritten under the mapping gives other bytes, which every
        // reader here treats as hostile anyway; one cut short raises SIGBUS, which `guard` turns
        // into a message and exit code 2.
        let map = unsafe { memmap2::MmapOptions::new().map(&file)? };
        Ok(Self { bytes: Bytes::Mapped(map, file) })
    }

    /// Reads `input` to its end, provided that it starts as a snapshot does.
    ///
    /// # Errors
    /// Those of `input`.
    pub fn read(mut input: impl Read) -> io::Result<Self> {
        /// What is read before deciding: `$EOF:`, its mark, the line end and the header.
        const HEAD: u64 = 64;
        let mut bytes = Vec::new();
        input.by_ref().take(HEAD).read_to_end(&mut bytes)?;
        if [&b"REDIS"[..], b"VALKEY", b"$"].iter().any(|magic| bytes.starts_with(magic)) {
            input.read_to_end(&mut bytes)?;
        }
        Ok(Self::from(bytes))
    }

    /// All the bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(map, _) => map,
            Bytes::Owned(bytes) => bytes,
        }
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.bytes().len() as u64
    }

    /// Whether there is no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// Copies bytes of a mapped file from `at` on into `into`, without bringing them and those around
    /// them into this process's memory: quicker where they are few. Answers with how many it has
    /// copied, which may be none.
    #[cfg(unix)]
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> usize {
        use std::os::unix::fs::FileExt;
        match &self.bytes {
            Bytes::Mapped(_, file) => file.read_at(into, at).unwrap_or_default(),
            Bytes::Owned(_) => 0,
        }
    }

    /// The same, where there is no such way.
    #[cfg(not(unix))]
    pub fn read_at(&self, _: u64, _: &mut [u8]) -> usize {
        0
    }

    /// Tells the system that the bytes from `from` up to `to` are read: they need not stay in this
    /// process's memory. They can still be read, and come back when they are.
    pub fn release(&self, from: u64, to: u64) {
        #[cfg(unix)]
        if let Bytes::Mapped(map, _) = &self.bytes
            && let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to))
            && from < to
            && to <= map.len()
        {
            // SAFETY: what is dropped of a private mapping that nobody writes to is read from the
            // file again. An error would change nothing.
            let _ = unsafe {
                map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, from, to - from)
            };
        }
    }

    /// Whether the bytes are a mapped file, which takes no memory of our own.
    #[must_use]
    pub const fn is_mapped(&self) -> bool {
        matches!(self.bytes, Bytes::Mapped(..))
    }
}

impl From<Vec<u8>> for Snapshot {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes: Bytes::Owned(bytes) }
    }
}

/// What happens when a mapped file shrinks while it is read.
#[cfg(unix)]
mod guard {
    use super::{OnceLock, Path};

    /// The line to print; made beforehand, since a signal handler cannot allocate.
    static LINE: OnceLock<Vec<u8>> = OnceLock::new();

    /// Sees to it that a read behind the end of the shrunken file ends the process with a clear
    /// line and exit code 2. The first file is the one that is named when several are mapped.
    pub(super) fn watch(path: &Path) {
        let line = format!(
            "rdblens: {}: the file became shorter (or its disk failed) while it was read; \
             copy it to a place where nothing writes to it and try again\n",
            path.display()
        );
        if LINE.set(line.into_bytes()).is_err() {
            return;
        }
        // SAFETY: `action` is a valid, zeroed sigaction but for the fields set; `on_sigbus` calls
        // only functions that POSIX allows in a signal handler. Should the call fail, SIGBUS keeps
        // its default action, which ends the process too.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_sigbus as extern "C" fn(libc::c_int) as libc::sighandler_t;
            libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
        }
    }

    extern "C" fn on_sigbus(_: libc::c_int) {
        if let Some(line) = LINE.get() {
            // SAFETY: `write` and `_exit` are async-signal-safe; the buffer lives for ever.
            unsafe {
                libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len());
            }
        }
        // SAFETY: ends the process without running anything else.
        unsafe { libc::_exit(2) }
    }
}

#[cfg(not(unix))]
mod guard {
    pub(super) const fn watch(_: &std::path::Path) {}
}
