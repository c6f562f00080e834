//! The machine and the programs on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::measure::Place;

/// Debian's package with real cfssl.
const PACKAGE: &str = "golang-cfssl";

/// The conditions of the measurement.
#[derive(Debug, Serialize)]
pub struct Machine {
    processor: String,
    cores: usize,
    system: String,
    kernel: String,
    rcfssl: String,
    linkage: Linkage,
    cfssl: String,
    date: String,
}

/// How the rcfssl binaries were linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Linkage {
    Dynamic,
    Static,
}

impl Machine {
    /// Whether the binaries need a loader.
    pub fn is_dynamic(&self) -> bool {
        self.linkage == Linkage::Dynamic
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{}, {} cores, {}, {}",
            self.processor, self.cores, self.system, self.kernel
        )?;
        let linkage = match self.linkage {
            Linkage::Dynamic => "dynamic",
            Linkage::Static => "static",
        };
        write!(
            f,
            "{} ({linkage}) against {}, {}",
            self.rcfssl, self.cfssl, self.date
        )
    }
}

/// The folder of `cfssl` and `cfssljson`; installs Debian's package if they are missing.
pub fn find_cfssl() -> Result<PathBuf> {
    let folder = Path::new("/usr/bin");
    let is_there = || {
        ["cfssl", "cfssljson"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    if !is_there() {
        let root = output("id", &["-u"])? == "0";
        let install = ["apt-get", "install", "-y", "--no-install-recommends", PACKAGE];
        let (program, arguments) = match root {
            true => (install[0], &install[1..]),
            false => ("sudo", &install[..]),
        };
        eprintln!("Installing {PACKAGE}");
        let status = Command::new(program)
            .args(arguments)
            .status()
            .context("apt-get")?;
        ensure!(status.success() && is_there(), "{PACKAGE} could not be installed");
    }
    Ok(folder.to_owned())
}

/// Describes it.
pub fn describe(place: &Place) -> Result<Machine> {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = info
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")?
                .split_once(": ")
                .map(|(_, name)| name)
        })
        .unwrap_or("unknown processor");
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .unwrap_or("unknown system");
    let version = output(&place.rcfssl().to_string_lossy(), &["version"])?;
    let runtime = version.lines().find_map(|line| line.strip_prefix("Runtime: "));
    let package = output("dpkg-query", &["-W", "-f", "${Package} ${Version}", PACKAGE]);
    let binary = fs::read(place.rcfssl())?;
    // A dynamic program names its loader.
    let is_dynamic = binary
        .windows(9)
        .any(|window| window == b"/ld-linux" || window == b"/ld-musl-");
    Ok(Machine {
        processor: processor.split_whitespace().collect::<Vec<_>>().join(" "),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        system: system.trim_matches('"').to_owned(),
        kernel: format!("Linux {}", output("uname", &["-r"])?),
        rcfssl: runtime.unwrap_or("rcfssl").to_owned(),
        linkage: if is_dynamic {
            Linkage::Dynamic
        } else {
            Linkage::Static
        },
        cfssl: package.unwrap_or_else(|_| "cfssl of unknown version".to_owned()),
        date: output("date", &["-u", "+%Y-%m-%d"])?,
    })
}

fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .context(program.to_owned())?;
    ensure!(output.status.success(), "{program}: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
