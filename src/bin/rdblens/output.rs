//! Where the result goes.

use crate::config::Config;
use crate::progress;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

/// How much is gathered before it is written.
const BUFFER: usize = 256 << 10;

/// Where the result goes. A reader that has seen enough and closed the pipe is no error.
pub struct Output {
    out: BufWriter<Box<dyn Write + Send>>,
    name: String,
    open: bool,
    /// A bar may stand where it goes.
    bar: bool,
}

impl Output {
    /// Opens the file that the user named, or standard output.
    ///
    /// # Errors
    /// One line, when the file cannot be made or is the snapshot itself.
    pub fn open(config: &Config) -> Result<Self, String> {
        let Some(path) = &config.output else {
            let out = Self::to(Box::new(io::stdout()), "standard output".to_owned());
            return Ok(Self { bar: config.progress, ..out });
        };
        let name = path.display().to_string();
        spare_the_dump(config, path)?;
        let file = File::create(path).map_err(|error| format!("{name}: {error}"))?;
        Ok(Self::to(Box::new(file), name))
    }

    fn to(out: Box<dyn Write + Send>, name: String) -> Self {
        Self { out: BufWriter::with_capacity(BUFFER, out), name, open: true, bar: false }
    }

    /// Lets `write` write. The answer is whether anybody still reads.
    ///
    /// # Errors
    /// One line, when writing fails: a full disk.
    pub fn write(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<bool, String> {
        if self.open {
            let result = write(&mut self.out);
            self.settle(result)?;
        }
        Ok(self.open)
    }

    /// Lets `write` write all of it, and ends. A reader that has gone ends that early.
    ///
    /// # Errors
    /// One line, when writing fails.
    pub fn whole(
        mut self,
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<(), String> {
        let result = write(&mut self.out);
        self.settle(result)?;
        self.finish()
    }

    /// Writes out what is still gathered.
    ///
    /// # Errors
    /// Like those of [`Self::write`].
    pub fn finish(mut self) -> Result<(), String> {
        if self.open {
            if self.bar {
                // nobody is left to tell when standard error is closed
                let _ = io::stderr().write_all(progress::CLEAR.as_bytes());
            }
            let result = self.out.flush();
            self.settle(result)?;
        }
        if !self.open {
            // what is gathered would be tried again, and fail again, when it is dropped
            let _ = self.out.into_parts();
        }
        Ok(())
    }

    fn settle(&mut self, result: io::Result<()>) -> Result<(), String> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.open = false;
                Ok(())
            }
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }
}

/// Makes sure that writing to `path` does not overwrite the snapshot.
///
/// # Errors
/// One line, when it would.
pub fn spare_the_dump(config: &Config, path: &Path) -> Result<(), String> {
    let same = |dump: &std::path::PathBuf| match (dump.canonicalize(), path.canonicalize()) {
        (Ok(dump), Ok(output)) => dump == output,
        _ => false,
    };
    match config.dump.as_ref().is_some_and(same) {
        true => Err(format!("{}: --output would overwrite the dump", path.display())),
        false => Ok(()),
    }
}

/// Replaces the file at `path` by what `write` writes, at once: who reads it meanwhile sees the old
/// one as a whole, or the new one.
///
/// # Errors
/// One line, when the file cannot be written. The old one stays then.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut new = tempfile::Builder::new();
    new.prefix(".rdblens-");
    // others read it: the exporter is another user
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let replaced = new.tempfile_in(folder.unwrap_or(Path::new("."))).and_then(|mut file| {
        let mut out = BufWriter::new(&mut file);
        write(&mut out)?;
        out.flush()?;
        drop(out);
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    });
    replaced.map(|_| ()).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
        let large = vec![b'x'; BUFFER + 1];
        let mut closed = Output::to(Box::new(Failing(ErrorKind::BrokenPipe)), "out".to_owned());
        assert_eq!(closed.write(|out| out.write_all(&large)), Ok(false));
        assert_eq!(closed.write(|_| panic!("nobody reads")), Ok(false));
        assert_eq!(closed.finish(), Ok(()));
        let mut full = Output::to(Box::new(Failing(ErrorKind::StorageFull)), "out".to_owned());
        assert!(full.write(|out| out.write_all(&large)).is_err());
    }

    #[test]
    fn what_is_gathered_is_written_at_the_end() {
        let mut closed = Output::to(Box::new(Failing(ErrorKind::StorageFull)), "out".to_owned());
        assert_eq!(closed.write(|out| out.write_all(b"x")), Ok(true));
        assert!(closed.finish().is_err());
    }
}
