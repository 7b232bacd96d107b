//! What pages of the docs tell people to run, run.

use crate::{Test, environment::workspace};

/// Where a file or folder of the repository is.
pub fn place(path: &str) -> String {
    workspace().join(path).to_str().unwrap().to_owned()
}

/// A file of the repository.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the files of a folder with an extension, in order.
pub fn files(folder: &str, extension: &str) -> Vec<String> {
    let entries = std::fs::read_dir(workspace().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let of_kind = entries.filter(|path| path.extension().is_some_and(|it| it == extension));
    let mut names: Vec<String> = of_kind.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// The commands of a page, in its order: what stands behind `$ ` in its blocks of the kind `console`.
pub fn commands(page: &str) -> Vec<String> {
    let text = read(page).replace("\\\n", " ");
    let blocks = text.split("```console\n").skip(1).filter_map(|block| block.split("```").next());
    blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

/// Runs a command of kubectl that a page has, which has to succeed; what it prints. The page's namespace `images` is the test's, and
/// its version is one that the test has.
pub async fn run(test: &Test, page: &str, command: &str) -> String {
    let images = test.namespace.as_str();
    let here = |word: String| match word.as_str() {
        "images" => images.to_owned(),
        path if path.contains('/') && workspace().join(path).exists() => place(path),
        _ => word,
    };
    let words: Vec<String> = words(command).into_iter().map(here).collect();
    assert_eq!(words.first().map(String::as_str), Some("kubectl"), "{page}: the tests can't run: {command}");
    let arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let output = test.environment.cluster.kubectl(&arguments).await.unwrap();
    assert!(output.success(), "{page}: {command}: {output}");
    output.stdout
}

/// The words of a command. Between single quotes blanks are part of a word.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in command.trim().chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
