//! The nightly recipe of docs/nightly.md, run for real: on a replica, and on a cluster of six.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};
use support::live::{Live, Words, folder, words};
use tempfile::TempDir;

const SERVER: &str = "redis-7.0.15";

/// What the script runs with.
struct Place {
    dir: TempDir,
    /// `redis-cli` and `rdblens` are found here.
    path: String,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).expect("writable");
        // the package of the server has it, to be started as the server is
        let installed = folder().join(SERVER).canonicalize().expect("installed");
        let launcher = fs::read_to_string(installed.join("server")).expect("a launcher");
        let launcher = launcher
            .replace("$(dirname \"$(realpath \"$0\")\")", &format!("'{}'", installed.display()))
            .replace("--argv0 redis-server", "--argv0 redis-cli")
            .replace("usr/bin/redis-check-rdb", "usr/bin/redis-cli");
        fs::write(bin.join("redis-cli"), launcher).expect("writable");
        fs::set_permissions(bin.join("redis-cli"), fs::Permissions::from_mode(0o755))
            .expect("allowed");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rdblens"), bin.join("rdblens"))
            .expect("writable");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a path"));
        Self { dir, path }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn configure(&self, replicas: &str, budgets: &str) {
        let dir = self.dir.path().display();
        let mut text = format!(
            "replicas='{replicas}'\nkeep={dir}/keep\nalert='cat >> {dir}/alerts'\n\
             metrics={dir}/rdblens.prom\nmaxmemory=100mb\n"
        );
        if !budgets.is_empty() {
            fs::write(self.at("rdblens.toml"), budgets).expect("writable");
            text += &format!("budgets={dir}/rdblens.toml\n");
        }
        fs::write(self.at("nightly.conf"), text).expect("writable");
    }

    fn run(&self, program: &str, args: &[&str], night: &str) -> Output {
        let mut command = Command::new(program);
        command.args(args).env("PATH", &self.path).env("NIGHT", night);
        command.output().expect("it starts")
    }

    /// Runs the script; its exit code, and what was alerted.
    fn night(&self, night: &str) -> (Option<i32>, String) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/nightly/rdblens-nightly");
        let config = self.at("nightly.conf");
        let done = self.run(script, &[config.to_str().expect("UTF-8")], night);
        let alerts = fs::read_to_string(self.at("alerts")).unwrap_or_default();
        let _ = fs::remove_file(self.at("alerts"));
        let said = String::from_utf8_lossy(&done.stderr);
        (
            done.status.code(),
            format!("{alerts}{}", if alerts.is_empty() { said } else { "".into() }),
        )
    }

    fn kept(&self) -> Vec<String> {
        let entries = fs::read_dir(self.at("keep")).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }
}

fn options(options: &[&str]) -> Vec<String> {
    options.iter().map(|option| (*option).to_owned()).collect()
}

/// So many keys `NAME:0` and on, of 100 bytes each.
fn keys(name: &str, from: usize, count: usize) -> Vec<Words> {
    (from..from + count).map(|n| words(&format!("SET {name}:{n} {}", "v".repeat(100)))).collect()
}

fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < give_up, "{what}");
        sleep(Duration::from_millis(100));
    }
}

/// Waits until the replica has all that its master has.
fn follow(master: &Live, replica: &Live) {
    let offset = |live: &Live, name: &str| live.link().info("replication").get(name).cloned();
    wait("the replica does not follow", || {
        let up = offset(replica, "master_link_status").as_deref() == Some("up");
        up && offset(master, "master_repl_offset") == offset(replica, "slave_repl_offset")
    });
    // two snapshots of one second would be of the same moment
    sleep(Duration::from_millis(1100));
}

#[test]
fn three_nights_of_a_replica() {
    let place = Place::new();
    let folder = folder().join(SERVER);
    let master = Live::start(&folder, &[], None);
    let follower = options(&["--replicaof", &format!("127.0.0.1 {}", master.port())]);
    let replica = Live::start(&folder, &follower, None);
    master.link().must(&keys("user", 0, 20_000));
    master.link().must(&keys("cart", 0, 1_000));
    follow(&master, &replica);

    // a master is left alone
    place.configure(&format!("127.0.0.1:{}", master.port()), "");
    let (code, alert) = place.night("2026-11-23");
    assert_eq!(code, Some(2), "{alert}");
    assert!(alert.contains("is no replica"), "{alert}");

    // the first night has nothing to be compared with
    let budgets = "[[check.rule]]\nname = \"carts\"\npattern = \"cart:{int}\"\nmax_keys = 2000\n";
    place.configure(&format!("127.0.0.1:{}", replica.port()), budgets);
    assert_eq!(place.night("2026-11-24"), (Some(0), String::new()));
    // the second one is within the budgets
    master.link().must(&keys("cart", 1_000, 1_000));
    follow(&master, &replica);
    assert_eq!(place.night("2026-11-25"), (Some(0), String::new()));
    // the third one is not
    master.link().must(&keys("cart", 2_000, 5_000));
    follow(&master, &replica);
    let (code, alert) = place.night("2026-11-26");
    assert_eq!(code, Some(1), "{alert}");
    for words in ["2026-11-26", "carts", "cart:{int}", "7,000", "Trend"] {
        assert!(alert.contains(words), "{words} is not in {alert}");
    }

    assert_eq!(
        place.kept(),
        [
            ".lock",
            "2026-11-24.json",
            "2026-11-24.txt",
            "2026-11-25.json",
            "2026-11-25.txt",
            "2026-11-26.json",
            "2026-11-26.txt",
            "trend.txt"
        ]
    );
    let metrics = fs::read_to_string(place.at("rdblens.prom")).expect("metrics");
    assert!(metrics.contains("rdblens_pattern_keys{pattern=\"cart:{int}\""), "{metrics}");
    assert!(
        metrics.lines().any(|line| line.starts_with("rdblens_keys{") && line.ends_with(" 27000"))
    );

    // nothing passes in silence when the replica is gone
    drop(replica);
    let (code, alert) = place.night("2026-11-27");
    assert_ne!(code, Some(0));
    assert!(alert.contains("no report was made"), "{alert}");
}

#[test]
fn a_night_of_a_cluster_of_six() {
    let place = Place::new();
    let folder = folder().join(SERVER);
    // not of those that the system deals out, or a server's own port could be the same
    let from = 20_000 + u16::try_from(std::process::id() % 1_000).expect("small") * 12;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let nodes: Vec<Live> = (from..from + 400)
        .filter(is_free)
        .take(6)
        .map(|bus| {
            let bus = bus.to_string();
            let more = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            Live::start(&folder, &options(&more), None)
        })
        .collect();
    let addresses: Vec<String> =
        nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
    let mut args = vec!["--cluster", "create"];
    args.extend(addresses.iter().map(String::as_str));
    args.extend(["--cluster-replicas", "1", "--cluster-yes"]);
    let made = place.run("redis-cli", &args, "");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    let role = |node: &Live| node.link().info("replication").remove("role");
    let up = |node: &Live| node.link().info("replication").remove("master_link_status");
    wait("the cluster does not come up", || {
        let all = nodes.iter();
        all.clone().all(|node| node.link().ask("CLUSTER INFO").text().contains("cluster_state:ok"))
            && all.filter(|node| up(node).as_deref() == Some("up")).count() == 3
    });
    let (masters, replicas): (Vec<&Live>, Vec<&Live>) =
        nodes.iter().partition(|node| role(node).as_deref() == Some("master"));
    let fill = |from: usize, count: usize| {
        let all = [keys("user", from, count), keys("session", from, count)].concat();
        // each master takes its own, and refuses the others
        let taken: usize = masters
            .iter()
            .map(|master| {
                let replies = master.link().ask_all(&all);
                let refused = |reply: &&support::live::Reply| {
                    matches!(reply, support::live::Reply::Error(why) if why.starts_with("MOVED"))
                };
                replies.len() - replies.iter().filter(refused).count()
            })
            .sum();
        assert_eq!(taken, 2 * count);
        sleep(Duration::from_millis(1500));
    };
    let names: Vec<String> =
        replicas.iter().map(|replica| format!("127.0.0.1:{}", replica.port())).collect();
    place.configure(&names.join(" "), "");
    fill(0, 10_000);
    assert_eq!(place.night("2026-11-25"), (Some(0), String::new()));
    let summary = place.at("keep").join("2026-11-25.json");
    let json = place.run("rdblens", &[summary.to_str().expect("UTF-8"), "--format", "json"], "");
    let report: Value = serde_json::from_slice(&json.stdout).expect("a report");
    assert_eq!(report["totals"]["keys"], 20_000);
    assert_eq!(report["shards"].as_array().map(Vec::len), Some(3));
    assert_eq!(report["patterns"][0]["keys"], 10_000);

    // five times as many the next night: more than the usual limit of growth
    fill(10_000, 40_000);
    let (code, alert) = place.night("2026-11-26");
    assert_eq!(code, Some(1), "{alert}");
    assert!(alert.contains("session:{int}") && alert.contains("Trend"), "{alert}");
}
