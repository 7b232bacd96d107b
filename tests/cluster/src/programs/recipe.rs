//! What is built, from what, and under which name the result is cached.

use sha2::{Digest, Sha256};

const KUBERNETES: &str = "v1.37.2";
/// When that version was published. A fixed time, so that the same sources give the same binary.
const KUBERNETES_DATE: &str = "2026-10-27T12:01:04Z";
const ETCD: &str = "v3.6.16";
const HELM: &str = "v4.3.1";

/// A Go module of ours that pins one dependency graph and has no source of its own.
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) go_mod: &'static str,
    pub(super) go_sum: &'static str,
}

/// One program.
pub(super) struct Recipe {
    pub(super) program: &'static str,
    pub(super) version: &'static str,
    pub(super) module: &'static Module,
    pub(super) package: &'static str,
    /// How long the first build takes on two cores, in words.
    pub(super) takes: &'static str,
}

static KUBERNETES_MODULE: Module = Module {
    name: "kubernetes",
    go_mod: include_str!("../../kubernetes/go.mod"),
    go_sum: include_str!("../../kubernetes/go.sum"),
};
static ETCD_MODULE: Module =
    Module { name: "etcd", go_mod: include_str!("../../etcd/go.mod"), go_sum: include_str!("../../etcd/go.sum") };
static HELM_MODULE: Module =
    Module { name: "helm", go_mod: include_str!("../../helm/go.mod"), go_sum: include_str!("../../helm/go.sum") };

/// All programs, the longest build first among those of one module, since later ones reuse its packages.
pub(super) static RECIPES: [Recipe; 5] = [
    Recipe {
        program: "etcd",
        version: ETCD,
        module: &ETCD_MODULE,
        package: "go.etcd.io/etcd/server/v3",
        takes: "about a minute",
    },
    Recipe {
        program: "kube-apiserver",
        version: KUBERNETES,
        module: &KUBERNETES_MODULE,
        package: "k8s.io/kubernetes/cmd/kube-apiserver",
        takes: "about 5 minutes",
    },
    Recipe {
        program: "kube-controller-manager",
        version: KUBERNETES,
        module: &KUBERNETES_MODULE,
        package: "k8s.io/kubernetes/cmd/kube-controller-manager",
        takes: "about 2 minutes",
    },
    Recipe {
        program: "kubectl",
        version: KUBERNETES,
        module: &KUBERNETES_MODULE,
        package: "k8s.io/kubernetes/cmd/kubectl",
        takes: "about half a minute",
    },
    Recipe {
        program: "helm",
        version: HELM,
        module: &HELM_MODULE,
        package: "helm.sh/helm/v4/cmd/helm",
        takes: "about 3 minutes",
    },
];

impl Recipe {
    /// What the linker is told. Programs built from the module proxy know no version of their own: without the stamp
    /// the API server calls itself `v0.0.0-master`, and Helm then refuses charts that ask for a Kubernetes version.
    pub(super) fn linker_flags(&self) -> String {
        let mut flags = vec!["-s -w".to_owned()];
        if self.module.name == "kubernetes" {
            let mut numbers = KUBERNETES.trim_start_matches('v').split('.');
            let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
            for package in ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"] {
                for (name, value) in [
                    ("gitVersion", KUBERNETES),
                    ("gitMajor", major),
                    ("gitMinor", minor),
                    ("gitTreeState", "clean"),
                    ("gitCommit", "from-module-proxy"),
                    ("buildDate", KUBERNETES_DATE),
                ] {
                    flags.push(format!("-X {package}.{name}={value}"));
                }
            }
        }
        if self.module.name == "helm" {
            flags.push(format!("-X helm.sh/helm/v4/internal/version.version={HELM}"));
        }
        flags.join(" ")
    }
}

/// Go's names of the system and the processor that this program was compiled for.
pub(super) fn target() -> (&'static str, &'static str) {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    (system, processor)
}

/// The name of the cache folder: another one for whatever changes a binary, so that nothing in it is ever out of date.
pub(super) fn cache_key() -> String {
    let (system, processor) = target();
    let mut hash = Sha256::new();
    for recipe in &RECIPES {
        for part in [recipe.program, recipe.package, &recipe.linker_flags(), recipe.module.go_mod, recipe.module.go_sum]
        {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
    }
    let digest = hash.finalize();
    let short = digest.iter().take(6).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("kubernetes-{KUBERNETES}-{system}-{processor}-{short:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_named_here_are_the_ones_the_go_modules_pin() {
        let pinned = |module: &Module, path: &str, version: &str| {
            assert!(
                module.go_mod.contains(&format!("{path} {version}")),
                "{} does not pin {path} {version}",
                module.name
            );
        };
        pinned(&KUBERNETES_MODULE, "k8s.io/kubernetes", KUBERNETES);
        pinned(&ETCD_MODULE, "go.etcd.io/etcd/server/v3", ETCD);
        pinned(&HELM_MODULE, "helm.sh/helm/v4", HELM);
    }

    #[test]
    fn every_staging_module_of_kubernetes_is_replaced_by_the_matching_release() {
        let staging = KUBERNETES.replace("v1.", "v0.");
        let replaced: Vec<&str> = KUBERNETES_MODULE.go_mod.lines().filter(|line| line.contains("=>")).collect();
        assert!(replaced.len() >= 30, "only {} replacements", replaced.len());
        for line in replaced {
            assert!(line.ends_with(&staging), "{line}");
        }
    }

    #[test]
    fn kubernetes_programs_are_stamped_with_their_version_and_others_are_not() {
        for recipe in &RECIPES {
            let stamped = recipe.linker_flags().contains("gitVersion=v1.37.2");
            assert_eq!(stamped, recipe.program.starts_with("kube"), "{}", recipe.program);
        }
    }
}
