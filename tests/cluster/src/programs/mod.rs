//! Where the programs of the control plane come from.

mod build;
mod recipe;

use std::path::{Path, PathBuf};

use anyhow::Context;

/// The programs, as paths of executables that exist.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The database of the API server.
    pub etcd: PathBuf,
    /// The API server.
    pub kube_apiserver: PathBuf,
    /// The controllers that end namespaces, collect garbage and make service accounts.
    pub kube_controller_manager: PathBuf,
    /// The command line client.
    pub kubectl: PathBuf,
    /// Helm 4.
    pub helm: PathBuf,
}

impl Programs {
    /// Takes etcd, kube-apiserver and kubectl from the folder in `KUBEBUILDER_ASSETS` if that is set and has them, the
    /// others from the cache, and builds with Go what the cache lacks. A first build takes about eight minutes on two
    /// cores and tells on stderr how far it is; processes that need it at the same time wait for the one that builds.
    ///
    /// The cache is `$AZIMAGE_CACHE`, else `$XDG_CACHE_HOME/azimage`, else `~/.cache/azimage`.
    pub async fn locate_or_build() -> anyhow::Result<Self> {
        let assets = std::env::var_os("KUBEBUILDER_ASSETS").filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = cache_folder()?.join(recipe::cache_key());
        let programs = Self {
            etcd: locate(assets.as_deref(), &folder, "etcd"),
            kube_apiserver: locate(assets.as_deref(), &folder, "kube-apiserver"),
            kube_controller_manager: locate(assets.as_deref(), &folder, "kube-controller-manager"),
            kubectl: locate(assets.as_deref(), &folder, "kubectl"),
            helm: locate(assets.as_deref(), &folder, "helm"),
        };
        let all = programs.all();
        let missing: Vec<_> = recipe::RECIPES
            .iter()
            .filter(|recipe| all.iter().any(|path| **path == folder.join(recipe.program) && !path.exists()))
            .collect();
        if !missing.is_empty() {
            build::build(&folder, &missing).await?;
        }
        Ok(programs)
    }

    /// All of them, in the order of the fields.
    pub fn all(&self) -> [&Path; 5] {
        [&self.etcd, &self.kube_apiserver, &self.kube_controller_manager, &self.kubectl, &self.helm]
    }
}

fn locate(assets: Option<&Path>, folder: &Path, program: &str) -> PathBuf {
    // A user's kubectl and API server belong together; Helm and the controller manager are not part of these assets,
    // and one that lies there by chance is taken no more than one on PATH would be.
    let from_assets = matches!(program, "etcd" | "kube-apiserver" | "kube-controller-manager" | "kubectl");
    match assets.map(|assets| assets.join(program)) {
        Some(path) if from_assets && path.is_file() => path,
        _ => folder.join(program),
    }
}

fn cache_folder() -> anyhow::Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("AZIMAGE_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|folder| folder.join("azimage")))
        .or_else(|| variable("HOME").map(|folder| folder.join(".cache/azimage")))
        .context("no place to keep built programs: set AZIMAGE_CACHE to a folder, or HOME")?;
    std::path::absolute(&folder).with_context(|| format!("cannot use {} as cache", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_among_the_assets_is_taken_and_a_missing_one_comes_from_the_cache() {
        let assets = tempfile::tempdir().unwrap();
        std::fs::write(assets.path().join("etcd"), "").unwrap();
        std::fs::write(assets.path().join("helm"), "").unwrap();
        let cache = Path::new("/cache");
        assert_eq!(locate(Some(assets.path()), cache, "etcd"), assets.path().join("etcd"));
        assert_eq!(locate(Some(assets.path()), cache, "kubectl"), cache.join("kubectl"));
        assert_eq!(locate(Some(assets.path()), cache, "helm"), cache.join("helm"));
        assert_eq!(locate(None, cache, "etcd"), cache.join("etcd"));
    }
}
