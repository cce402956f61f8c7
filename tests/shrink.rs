//! A file that becomes shorter while it is mapped ends the program with a clear line.
#![cfg(unix)]
// tests may panic
#![allow(clippy::expect_used)]

mod support;

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use support::dump::dump;

#[test]
fn a_shrinking_file_is_named() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    let keys = (0..400_000).fold(dump().select(0), |dump, n| {
        dump.string(format!("key:{n}").as_str(), "a value that takes its time to be read")
    });
    file.write_all(&keys.end()).expect("written");
    // rows fill the pipe long before the file is read
    let mut rdblens = Command::new(env!("CARGO_BIN_EXE_rdblens"))
        .args(["keys", "--threads", "1", "--no-checksum"])
        .arg(file.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut rows = rdblens.stdout.take().expect("a pipe");
    rows.read_exact(&mut [0; 1000]).expect("rows");
    OpenOptions::new().write(true).open(file.path()).expect("open").set_len(4096).expect("cut");
    let mut rest = Vec::new();
    rows.read_to_end(&mut rest).expect("the rest");
    let output = rdblens.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("became shorter") && said.lines().count() == 1, "{said}");
}
