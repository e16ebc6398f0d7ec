//! Learning conventions from the files of a repository.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::LazyLock;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use search::{SearchError, SourceFile, read_source, select_files};
use syntax::MAX_SOURCE_BYTES;

use crate::errors::ErrorTypes;
use crate::evidence::{Evidence, FileTally, Tally};
use crate::fact::Facts;
use crate::file::{facts_of, family_of};
use crate::habit::{Family, Habit};
use crate::words::Words;

/// Trees are walked by recursion, and are up to 3,000 levels deep.
const STACK_BYTES: usize = 32 * 1024 * 1024;

static POOL: LazyLock<ThreadPool> = LazyLock::new(|| {
    ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .thread_name(|index| format!("conventions-{index}"))
        .build()
        .expect("threads can be started")
});

/// What was learned. Immutable; share it between threads.
#[derive(Debug, Default)]
pub struct Conventions {
    tallies: HashMap<(Family, Habit), HashMap<String, Tally>>,
    pub(crate) words: Words,
    pub(crate) errors: ErrorTypes,
    pub(crate) packages: HashSet<String>,
    /// Deviations that were there when the conventions were learned: habit and text, how often.
    pub(crate) known: HashMap<String, HashMap<(Habit, String), usize>>,
    file_count: usize,
}

/// One convention.
#[derive(Clone, Debug)]
pub struct Convention {
    /// Of which languages.
    pub family: Family,
    /// Which question.
    pub habit: Habit,
    /// In this folder and below; "" for everywhere.
    pub folder: String,
    /// The answer, and how strong it is.
    pub evidence: Evidence,
}

/// Learn from files below `root` (relative paths; None: all that no ignore file names).
pub fn learn(root: &Path, paths: Option<&[String]>) -> Result<Conventions, SearchError> {
    let (mut files, _, _) = select_files(root, paths)?;
    files.retain(|file| family_of(&file.path).is_some());
    let packages = packages_of(&files);
    let read: Vec<_> = run(|| {
        files
            .par_iter()
            .filter_map(|file| read_facts(file, &packages))
            .collect()
    });
    let errors = ErrorTypes::of(read.iter().flat_map(|file| &file.facts.classes));
    let mut conventions = Conventions {
        errors,
        packages,
        file_count: read.len(),
        ..Conventions::default()
    };
    conventions.count(read);
    Ok(conventions)
}

/// Run on threads whose stacks are large enough, and wait.
pub(crate) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    POOL.install(work)
}

struct ReadFile {
    path: String,
    family: Family,
    facts: Facts,
    words: Words,
}

fn read_facts(file: &SourceFile, packages: &HashSet<String>) -> Option<ReadFile> {
    let source = read_source(file, MAX_SOURCE_BYTES).ok()?;
    let (family, facts) = facts_of(&file.path, &source, packages)?;
    Some(ReadFile {
        path: file.path.clone(),
        family,
        facts,
        words: Words::of(&String::from_utf8_lossy(&source)),
    })
}

/// Names of the outermost folders that are Python packages.
fn packages_of(files: &[SourceFile]) -> HashSet<String> {
    let inits = files
        .iter()
        .filter_map(|file| file.path.strip_suffix("/__init__.py"));
    let folders: HashSet<&str> = inits.collect();
    let is_outer = |folder: &&&str| {
        folder
            .rsplit_once('/')
            .is_none_or(|(above, _)| !folders.contains(above))
    };
    let outer = folders.iter().filter(is_outer);
    outer
        .map(|folder| folder.rsplit('/').next().unwrap_or(folder).to_owned())
        .collect()
}

impl Conventions {
    fn count(&mut self, mut read: Vec<ReadFile>) {
        for file in &mut read {
            self.errors.add_facts(&mut file.facts);
            self.words.add(&file.words);
            let mut tallies: BTreeMap<Habit, FileTally> = BTreeMap::new();
            for fact in &file.facts.facts {
                let tally = tallies.entry(fact.habit).or_default();
                tally.add(fact.mask, fact.weight);
            }
            for (habit, tally) in tallies {
                let by_folder = self.tallies.entry((file.family, habit)).or_default();
                for folder in folders_above(&file.path) {
                    by_folder.entry(folder.to_owned()).or_default().add(&tally);
                }
            }
        }
        for file in &read {
            let mut known: HashMap<_, usize> = HashMap::new();
            for fact in &file.facts.facts {
                if self.deviation(file.family, &file.path, fact).is_some() {
                    *known.entry((fact.habit, fact.text.clone())).or_default() += 1;
                }
            }
            if !known.is_empty() {
                self.known.insert(file.path.clone(), known);
            }
        }
    }

    /// How many files were learned from.
    pub fn file_count(&self) -> usize {
        self.file_count
    }

    /// The convention that holds for a file: that of the innermost folder with enough facts. When those of a folder
    /// disagree, none holds there, whatever holds around it.
    pub(crate) fn holding(&self, family: Family, habit: Habit, path: &str) -> Option<(&str, Evidence)> {
        let by_folder = self.tallies.get(&(family, habit))?;
        let mut decided = folders_above(path).filter_map(|folder| by_folder.get_key_value(folder));
        let (folder, tally) = decided.find(|(_, tally)| tally.decides())?;
        Some((folder, tally.evidence()?))
    }

    /// All conventions: those of the whole repository, and those of folders that keep another one than the folder
    /// around them.
    pub fn all(&self) -> Vec<Convention> {
        let mut found = Vec::new();
        for ((family, habit), by_folder) in &self.tallies {
            for (folder, tally) in by_folder {
                let Some(evidence) = tally.evidence() else {
                    continue;
                };
                let around = (!folder.is_empty())
                    .then(|| self.holding(*family, *habit, folder))
                    .flatten();
                if around.is_none_or(|(_, around)| around.choice != evidence.choice) {
                    found.push(Convention {
                        family: *family,
                        habit: *habit,
                        folder: folder.clone(),
                        evidence,
                    });
                }
            }
        }
        found.sort_by(|left, right| key(left).cmp(&key(right)));
        found
    }
}

fn key(convention: &Convention) -> (Family, &str, Habit) {
    (convention.family, &convention.folder, convention.habit)
}

/// The folders that a path is in, innermost first, "" last.
fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |inner| {
        (!inner.is_empty()).then(|| inner.rsplit_once('/').map_or("", |(outer, _)| outer))
    })
    .skip(1)
}

impl Convention {
    /// The choice in words.
    pub fn choice(&self) -> &'static str {
        self.habit.choices()[self.evidence.choice]
    }

    /// One sentence for people and briefs.
    pub fn sentence(&self) -> String {
        let place = if self.folder.is_empty() {
            String::new()
        } else {
            format!(" in {}", self.folder)
        };
        format!(
            "{}: {}{place} are {} ({} of {})",
            self.family.name(),
            self.habit.noun(),
            self.choice(),
            self.evidence.agreeing,
            self.evidence.total
        )
    }
}
