//! Which program is which, for those that need no time.

use super::{Call, accounts, agent, grep, list, local, options::Options, packages, remove, sed, systemctl, text};

pub(super) fn tool(call: &mut Call<'_>) {
    match call.name {
        "cat" => text::cat(call),
        "head" | "tail" => text::ends(call),
        "cut" => text::cut(call),
        "tr" => text::tr(call),
        "sort" => text::sort(call),
        "uniq" => text::uniq(call),
        "wc" => text::wc(call),
        "base64" => text::base64(call),
        "sha256sum" => text::sha256sum(call),
        "seq" => text::seq(call),
        "cmp" => text::cmp(call),
        "grep" => grep::grep(call),
        "sed" => sed::sed(call),
        "ls" => list::ls(call),
        "stat" => list::stat(call),
        "readlink" | "realpath" => list::real_path(call),
        "basename" | "dirname" => list::base(call),
        "du" | "df" => list::space(call),
        "rm" => remove::rm(call),
        "rmdir" => remove::rmdir(call),
        "mkdir" => remove::mkdir(call),
        "cp" | "mv" | "ln" | "install" => remove::copy(call),
        "chmod" | "chown" => remove::change(call),
        "touch" => remove::touch(call),
        "truncate" => remove::truncate(call),
        "mktemp" => remove::mktemp(call),
        "tee" => remove::tee(call),
        "dd" => remove::dd(call),
        "date" => local::date(call),
        "uname" => local::uname(call),
        "hostname" => local::hostname(call),
        "ps" | "pgrep" => local::ps(call),
        "mountpoint" => local::mountpoint(call),
        "swapoff" | "swapon" => local::swap(call),
        "whoami" => call.say("root\n"),
        "id" => accounts::id(call),
        "getent" => accounts::getent(call),
        "userdel" => accounts::userdel(call),
        "groupdel" => accounts::groupdel(call),
        "useradd" => accounts::useradd(call),
        "dpkg" => packages::dpkg(call),
        "dpkg-query" => packages::query(call),
        "apt-get" => packages::apt_get(call),
        "cloud-init" => agent::cloud_init(call),
        "journalctl" => systemctl::journalctl(call),
        "loginctl" => systemctl::loginctl(call),
        "hostnamectl" => {
            let options = Options::read(call.words, "", false);
            if let [_, name] = options.rest.as_slice() {
                let name = format!("{name}\n");
                call.system(|system| system.contents.write("/etc/hostname", name, 0o644).ok());
            }
        }
        "echo" => call.say(call.words.join(" ") + "\n"),
        "printf" => {
            if let Some((format, arguments)) = call.words.split_first() {
                call.say(crate::guest::shell::format::printf(format, arguments).0);
            }
        }
        "false" => call.code = 1,
        "test" | "[" => {
            let mut words = vec![call.name.to_owned()];
            words.extend(call.words.iter().cloned());
            match super::test::test(call.shell, &words) {
                Ok(value) => call.code = i32::from(!value),
                Err(message) => call.complains(&message, 2),
            }
        }
        // What they would do is seen nowhere here.
        _ => {}
    }
}
