use super::*;

fn terminal_host() -> Host {
    Host {
        stdout_columns: Some(132),
        stderr_is_terminal: true,
        utf8: true,
        no_color: false,
        cores: 6,
        clock: Millis(1_000),
    }
}

fn resolve(line: &str, host: &Host) -> Result<Config, String> {
    let args = std::iter::once("rdblens").chain(line.split(' '));
    Config::resolve(Command::parse_from(args).unwrap(), host)
}

fn error(line: &str) -> String {
    resolve(line, &terminal_host()).unwrap_err()
}

fn report(line: &str, host: &Host) -> Report {
    match resolve(line, host).unwrap().task {
        Task::Report(report) => report,
        _ => panic!("no report"),
    }
}

fn text(line: &str, host: &Host) -> Terminal {
    match report(line, host).form {
        Form::Text(terminal) => terminal,
        Form::Json => panic!("no text"),
    }
}

#[test]
fn analyze_is_what_is_done_by_default() {
    for line in ["d.rdb --db 1,2 --db 3", "analyze --db 1,2 --db 3 d.rdb"] {
        let config = resolve(line, &terminal_host()).unwrap();
        assert_eq!(config.dump, Some(PathBuf::from("d.rdb")));
        assert_eq!(config.filter.dbs, [1, 2, 3]);
        assert_eq!((config.threads, config.checksum, config.progress), (6, true, true));
        assert!(matches!(config.task, Task::Report(_)));
    }
    assert_eq!(resolve("-", &terminal_host()).unwrap().dump, None);
}

#[test]
fn the_terminal_decides_what_is_drawn_unless_flags_do() {
    let drawn = |line: &str, host: &Host| {
        let Terminal { width, color, drawing, .. } = text(line, host);
        (width, color, drawing)
    };
    let (host, pipe) = (terminal_host(), Host { utf8: true, ..Host::default() });
    assert_eq!(drawn("d", &host), (132, true, Drawing::Utf8));
    assert_eq!(drawn("d", &pipe), (80, false, Drawing::Utf8));
    assert_eq!(drawn("d -o f", &host), (80, false, Drawing::Utf8));
    assert_eq!(drawn("d --color never --ascii --width 60", &host), (60, false, Drawing::Ascii));
    assert_eq!(drawn("d --color always --width 1", &pipe), (40, true, Drawing::Utf8));
    let plain = Host { no_color: true, utf8: false, ..terminal_host() };
    assert_eq!(drawn("d", &plain), (132, false, Drawing::Ascii));
    assert_eq!(drawn("d --color always", &plain), (132, true, Drawing::Ascii));
}

#[test]
fn lists_are_as_long_as_asked_for() {
    let host = terminal_host();
    assert_eq!(text("d", &host).length, Length::Screen);
    assert_eq!(text("d --top 7", &host).length, Length::Top(7));
    assert_eq!(text("d --full", &host).length, Length::Full(20));
    assert_eq!(text("d --full --top 300", &host).length, Length::Full(300));
    assert_eq!(report("d --top 300", &host).top, 300);
    assert_eq!(report("d", &host).top, 100);
}

#[test]
fn only_text_asks_the_clock() {
    let host = terminal_host();
    assert_eq!(report("d", &host).now, Some(Millis(1_000)));
    assert_eq!(report("d --format json", &host).now, None);
    assert_eq!(report("d --format json --now 5", &host).now, Some(Millis(5_000)));
    assert_eq!(report("d --now 1970-01-01T00:00:07Z", &host).now, Some(Millis(7_000)));
}

#[test]
fn a_bar_does_not_run_into_rows() {
    let progress = |line: &str, host: &Host| resolve(line, host).unwrap().progress;
    let to_file = Host { stdout_columns: None, ..terminal_host() };
    assert!(!progress("keys d", &terminal_host()));
    assert!(progress("keys d", &to_file));
    assert!(progress("keys d -o f", &terminal_host()));
    assert!(!progress("keys d --no-progress", &to_file));
    assert!(!progress("d", &Host { stderr_is_terminal: false, ..terminal_host() }));
}

#[test]
fn columns_replace_the_usual_ones_or_follow_them() {
    let columns = |line: &str| match resolve(line, &terminal_host()).unwrap().task {
        Task::Rows { columns, .. } => columns,
        _ => panic!("no rows"),
    };
    assert_eq!(columns("keys d"), Column::DEFAULT);
    assert_eq!(columns("keys d --columns bytes,key"), [Column::Bytes, Column::Key]);
    let more = columns("keys d --columns +spread,certainty");
    assert_eq!(more.get(Column::DEFAULT.len()..), Some(&[Column::Spread, Column::Certainty][..]));
    assert!(error("keys d --columns colour").starts_with("--columns: no column \"colour\""));
    assert!(error("keys d --columns +key").contains("twice"));
}

#[test]
fn what_makes_no_sense_is_refused_with_the_flags_name() {
    for (line, flag) in [
        ("d --no-ttl --with-ttl", "--no-ttl"),
        ("d --type hashes", "--type"),
        ("d --regex [", "--regex"),
        ("d --min-bytes 10zb", "--min-bytes"),
        ("d --min-bytes 99999999999gb", "--min-bytes"),
        ("d --now then", "--now"),
        ("keys d --now then", "--now"),
        ("d --threads 0", "--threads"),
        ("d --top 0", "--top"),
        ("d --top 99999999999", "--top"),
        ("d --depth 0", "--depth"),
        ("d --separator ::", "--separator"),
        ("d --separator ö", "--separator"),
        ("d -o d", "--output"),
    ] {
        assert!(error(line).starts_with(flag), "{line}: {}", error(line));
    }
}

#[test]
fn filters_are_what_the_report_shows() {
    let line = "d --type hash --match a* --regex b --min-bytes 1kb --with-ttl --db 0";
    let Config { filter, filters, .. } = resolve(line, &terminal_host()).unwrap();
    assert_eq!((filter.least, filter.ttl), (Size::bytes(1024), Some(true)));
    assert!(!filter.is_open() && !filters.is_empty());
    assert!(filter.accepts_name(b"ab") && !filter.accepts_name(b"ac"));
    assert!(resolve("d", &terminal_host()).unwrap().filter.is_open());
    assert!(resolve("d", &terminal_host()).unwrap().filters.is_empty());
}

#[test]
fn the_locale_tells_the_charset() {
    let speaks = |set: &[(&str, &str)]| {
        speaks_utf8(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert!(speaks(&[]));
    assert!(speaks(&[("LANG", "de_DE.UTF-8")]));
    assert!(!speaks(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]));
    assert!(speaks(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
}
