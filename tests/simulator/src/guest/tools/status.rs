//! `/var/lib/dpkg/status`: what dpkg knows of packages.

use crate::guest::disk::Contents;

pub(crate) const FILE: &str = "/var/lib/dpkg/status";

/// Packages of a distribution's image: name, version, description.
const INSTALLED: &[(&str, &str, &str)] = &[
    ("adduser", "3.137ubuntu1", "add and remove users and groups"),
    ("apt", "2.7.14build2", "commandline package manager"),
    ("base-files", "13ubuntu10.1", "Debian base system miscellaneous files"),
    ("bash", "5.2.21-2ubuntu4", "GNU Bourne Again SHell"),
    ("ca-certificates", "20240203", "Common CA certificates"),
    ("chrony", "4.5-1ubuntu4.1", "Versatile implementation of the Network Time Protocol"),
    ("cloud-init", "24.4-0ubuntu1~24.04.2", "initialization and customization tool for cloud instances"),
    ("coreutils", "9.4-3ubuntu6", "GNU core utilities"),
    ("cron", "3.0pl1-184ubuntu2", "process scheduling daemon"),
    ("dash", "0.5.12-6ubuntu5", "POSIX-compliant shell"),
    ("dpkg", "1.22.6ubuntu6.1", "Debian package management system"),
    ("libc6", "2.39-0ubuntu8.3", "GNU C Library: Shared libraries"),
    ("linux-base", "4.5ubuntu9", "Linux image base package"),
    ("linux-image-azure", "6.8.0-1021.25", "Linux kernel image for Azure systems (vmlinuz)."),
    ("netplan.io", "1.0.1-1ubuntu2~24.04.1", "Declarative network configuration for various backends at runtime"),
    ("openssh-server", "1:9.6p1-3ubuntu13.5", "secure shell (SSH) server, for secure access from remote machines"),
    ("openssl", "3.0.13-0ubuntu3.4", "Secure Sockets Layer toolkit - cryptographic utility"),
    ("rsyslog", "8.2312.0-3ubuntu9", "reliable system and kernel logging daemon"),
    ("sudo", "1.9.15p5-3ubuntu5", "Provide limited super user privileges to specific users"),
    ("systemd", "255.4-1ubuntu8.4", "system and service manager"),
    ("unattended-upgrades", "2.9.1+nmu4ubuntu1", "automatic installation of security upgrades"),
    ("walinuxagent", "2.9.1.1-1ubuntu2", "Windows Azure Linux Agent"),
];

/// A package that was removed, and whose settings were left.
const REMOVED: (&str, &str, &str) = ("linux-image-6.8.0-1018-azure", "6.8.0-1018.21", "Signed kernel image azure");

fn stanza(name: &str, version: &str, synopsis: &str, state: &str) -> Package {
    let fields = [
        ("Package", name),
        ("Status", state),
        ("Maintainer", "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>"),
        ("Architecture", "amd64"),
        ("Version", version),
        ("Description", synopsis),
    ];
    Package(fields.map(|(field, value)| (field.to_owned(), value.to_owned())).to_vec())
}

/// The file of a distribution's image.
pub(crate) fn usual() -> String {
    let mut all: Vec<Package> = INSTALLED
        .iter()
        .map(|(name, version, synopsis)| stanza(name, version, synopsis, "install ok installed"))
        .collect();
    all.push(stanza(REMOVED.0, REMOVED.1, REMOVED.2, "deinstall ok config-files"));
    write(&all)
}

/// These packages are only half configured, and no others.
pub(crate) fn set_half_configured(contents: &mut Contents, names: &[String]) {
    let before = contents.text(FILE);
    let mut all = read(&before);
    for package in all.iter_mut().filter(|package| package.status().2 == "half-configured") {
        package.set("Status", "install ok installed");
    }
    for name in names {
        match all.iter_mut().find(|package| package.name() == name) {
            Some(package) => package.set("Status", "install ok half-configured"),
            None => all.push(stanza(name, "1.0-1", "a package", "install ok half-configured")),
        }
    }
    let text = write(&all);
    if text != before {
        contents.put(FILE, text, 0o644);
    }
}

/// One package: its fields in their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Package(Vec<(String, String)>);

/// The packages of a file.
pub(crate) fn read(text: &str) -> Vec<Package> {
    let mut all: Vec<Package> = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            if !fields.is_empty() {
                all.push(Package(std::mem::take(&mut fields)));
            }
        } else if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), fields.last_mut()) {
            value.push('\n');
            value.push_str(line);
        } else if let Some((field, value)) = line.split_once(':') {
            fields.push((field.to_owned(), value.trim().to_owned()));
        }
    }
    all.retain(|package| !package.name().is_empty());
    all
}

fn write(all: &[Package]) -> String {
    all.iter().map(|package| package.text() + "\n").collect()
}

impl Package {
    fn field(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        if let Some((_, before)) = self.0.iter_mut().find(|(field, _)| field == name) {
            value.clone_into(before);
        }
    }

    pub(super) fn name(&self) -> &str {
        self.field("Package").unwrap_or_default()
    }

    pub(super) fn synopsis(&self) -> &str {
        self.field("Description").and_then(|text| text.lines().next()).unwrap_or_default()
    }

    /// What is wanted of it, whether something is wrong, and how it stands.
    pub(super) fn status(&self) -> (&str, &str, &str) {
        let mut words = self.field("Status").unwrap_or_default().split_whitespace();
        let mut next = |usual| words.next().unwrap_or(usual);
        (next("unknown"), next("ok"), next("not-installed"))
    }

    fn abbreviation(&self) -> String {
        let (wanted, wrong, state) = self.status();
        let wanted = match wanted {
            "install" => 'i',
            "hold" => 'h',
            "deinstall" => 'r',
            "purge" => 'p',
            _ => 'u',
        };
        let state = match state {
            "config-files" => 'c',
            "half-installed" => 'H',
            "unpacked" => 'U',
            "half-configured" => 'F',
            "triggers-awaited" => 'W',
            "triggers-pending" => 't',
            "installed" => 'i',
            _ => 'n',
        };
        format!("{wanted}{state}{}", if wrong == "reinstreq" { 'R' } else { ' ' })
    }

    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(field, value)| format!("{field}: {value}\n")).collect()
    }

    fn value(&self, field: &str) -> String {
        let (wanted, wrong, state) = self.status();
        match field {
            "binary:Package" | "source:Package" => self.name().to_owned(),
            "source:Version" => self.field("Version").unwrap_or_default().to_owned(),
            "binary:Synopsis" => self.synopsis().to_owned(),
            "db:Status-Abbrev" => self.abbreviation(),
            "db:Status-Want" => wanted.to_owned(),
            "db:Status-Eflag" => wrong.to_owned(),
            "db:Status-Status" => state.to_owned(),
            field => self.field(field).unwrap_or_default().to_owned(),
        }
    }

    /// The package in the form that `--showformat` asks for.
    pub(super) fn shown(&self, format: &str) -> Result<String, String> {
        let mut text = String::new();
        let mut rest = format;
        while let Some(at) = rest.find(['\\', '$']) {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(inside) = rest.strip_prefix("${") {
                let end = inside.find('}').ok_or("error in show format: missing closing brace")?;
                let (field, width) = match inside[..end].split_once(';') {
                    Some((field, width)) => (field, width.parse::<i64>().unwrap_or_default()),
                    None => (&inside[..end], 0),
                };
                text.push_str(&padded(&self.value(field), width));
                rest = &inside[end + 1..];
                continue;
            }
            let mut signs = rest.chars();
            let (escapes, next) = (signs.next() == Some('\\'), signs.next());
            match next.filter(|_| escapes) {
                None => {
                    text.push_str(&rest[..1]);
                    rest = &rest[1..];
                }
                Some(sign) => {
                    text.push(match sign {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                    rest = signs.as_str();
                }
            }
        }
        text.push_str(rest);
        Ok(text)
    }
}

/// So wide, at the right, or at the left where the number is negative; longer ones are cut.
fn padded(value: &str, width: i64) -> String {
    let room = usize::try_from(width.unsigned_abs()).unwrap_or_default().min(1000);
    if room == 0 {
        return value.to_owned();
    }
    let value: String = value.chars().take(room).collect();
    if width < 0 { format!("{value:<room$}") } else { format!("{value:>room$}") }
}
