//! Rules of a project: `sgconfig.yml` with `ruleDirs`, `utilDirs`, `languageGlobs` and `languageInjections`.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ast_grep_config::{DeserializeEnv, GlobalRules, SerializableGlobalRule, from_multiple, from_str};
use search::{Walk, walk};
use serde::Deserialize;
use serde_value::Value;
use syntax::SupportLang;

use crate::error::{RuleError, chain};
use crate::injection::{Injection, InjectionConfig};
use crate::language_map::LanguageMap;
use crate::need::Utils;
use crate::pool;
use crate::rule::Shared;
use crate::rule_set::{Project, RuleSet};

/// Larger configuration and rule files are refused.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_FILES: usize = 10_000;

/// The keys of `sgconfig.yml` that matter for linting; the others are for ast-grep's own commands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    rule_dirs: Vec<PathBuf>,
    #[serde(default)]
    util_dirs: Vec<PathBuf>,
    #[serde(default)]
    language_globs: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    language_injections: Vec<InjectionConfig>,
    #[serde(default)]
    custom_languages: BTreeMap<String, Value>,
}

/// Read the configuration and everything that it names; folders are relative to the configuration file. An error when
/// the file itself can't be used; what is wrong with single rules or settings is in [`RuleSet::problems`].
pub fn from_config(path: &Path) -> Result<RuleSet, RuleError> {
    pool::run(|| load(path))
}

fn load(path: &Path) -> Result<RuleSet, RuleError> {
    let source_name = path.display().to_string();
    let text = read(path)?;
    let config: Config = from_str(&text).map_err(|error| RuleError::yaml(&source_name, &error))?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let base: Arc<Path> = folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).into();
    let mut project = Project {
        digest: text.clone().into_bytes(),
        ..Project::default()
    };
    let at_key = |error: RuleError, key: &str| match error.place {
        None if error.source_name == source_name => error.at(place_of_key(&text, key)),
        _ => error,
    };
    if let Some(name) = config.custom_languages.keys().next() {
        let reason = format!(
            "customLanguages: {name}: not supported, for a grammar from a file would run as a program here"
        );
        project
            .problems
            .push(at_key(RuleError::new(&source_name, reason), "customLanguages"));
    }
    match LanguageMap::new(&config.language_globs, &source_name) {
        Ok(languages) => project.languages = languages,
        Err(error) => project.problems.push(at_key(error, "languageGlobs")),
    }
    for injection in &config.language_injections {
        match Injection::compile(injection, &source_name) {
            Ok(injection) => project.injections.push(Arc::new(injection)),
            Err(error) => project.problems.push(at_key(error, "languageInjections")),
        }
    }
    let utils = read_folders(&base, &config.util_dirs, &mut project.problems);
    let rules = read_folders(&base, &config.rule_dirs, &mut project.problems);
    for (_, yaml) in &utils {
        project
            .digest
            .extend_from_slice(&(yaml.len() as u64).to_le_bytes());
        project.digest.extend_from_slice(yaml.as_bytes());
    }
    let globals = global_utils(&utils, &mut project.problems);
    let shared = Shared {
        globals: Some(&globals),
        utils: Some(&utils_by_name(&utils)),
        base: Some(&base),
    };
    Ok(RuleSet::compile(&rules, shared, project))
}

fn place_of_key(text: &str, key: &str) -> (usize, usize) {
    let line = text.lines().position(|line| line.starts_with(key)).unwrap_or(0);
    (line + 1, 1)
}

/// All utilities that are right. One that is wrong takes those along that use it; they are reported where they are used.
fn global_utils(documents: &[(String, String)], problems: &mut Vec<RuleError>) -> GlobalRules {
    let mut utils: Vec<(&str, SerializableGlobalRule<SupportLang>)> = Vec::new();
    for (name, yaml) in documents {
        match from_multiple::<SerializableGlobalRule<SupportLang>>(yaml) {
            Ok(found) => utils.extend(found.into_iter().map(|util| (name.as_str(), util))),
            Err(error) => problems.push(RuleError::yaml(name, &error)),
        }
    }
    let all = utils.iter().map(|(_, util)| util.clone()).collect();
    DeserializeEnv::parse_global_utils(all).unwrap_or_else(|_| without_wrong_ones(utils, problems))
}

/// Leave out one utility after the other, until the rest can be used.
fn without_wrong_ones(
    mut utils: Vec<(&str, SerializableGlobalRule<SupportLang>)>,
    problems: &mut Vec<RuleError>,
) -> GlobalRules {
    loop {
        let compile = |utils: &[(&str, SerializableGlobalRule<SupportLang>)]| {
            DeserializeEnv::parse_global_utils(utils.iter().map(|(_, util)| util.clone()).collect())
        };
        let error = match compile(&utils) {
            Ok(globals) => return globals,
            Err(error) => error,
        };
        let is_cause = |place: &usize| {
            let mut others = utils.clone();
            others.remove(*place);
            compile(&others).is_ok()
        };
        let place = (0..utils.len()).find(is_cause).unwrap_or(0);
        let (name, util) = utils.remove(place);
        problems.push(RuleError::new(name, format!("utility {}: {}", util.id, chain(&error))).at((1, 1)));
    }
}

/// The rules of the utilities as they are written; those with arguments mean another rule at each use.
fn utils_by_name(documents: &[(String, String)]) -> Utils {
    let parsed = documents
        .iter()
        .filter_map(|(_, yaml)| from_multiple::<Value>(yaml).ok())
        .flatten();
    let named = parsed.filter_map(|document| {
        let Value::Map(mut entries) = document else {
            return None;
        };
        let mut take = |key: &str| entries.remove(&Value::String(key.to_owned()));
        match (take("id"), take("rule"), take("arguments"), take("utils")) {
            (Some(Value::String(name)), Some(rule), None, None) => Some((name, rule)),
            _ => None,
        }
    });
    named.collect()
}

/// All YAML files below the folders, in the order of their paths.
fn read_folders(base: &Path, folders: &[PathBuf], problems: &mut Vec<RuleError>) -> Vec<(String, String)> {
    let mut documents = Vec::new();
    for folder in folders {
        let folder = base.join(folder);
        let options = Walk {
            max_files: MAX_FILES,
            ..Walk::new(&folder)
        };
        let named = folder.display().to_string();
        let report = match walk(&options) {
            Ok(report) => report,
            Err(error) => {
                problems.push(RuleError::caused(&named, &error));
                continue;
            }
        };
        if report.is_truncated {
            problems.push(RuleError::new(&named, format!("more than {MAX_FILES} files")));
        }
        for skipped in &report.skipped {
            let path = folder.join(&skipped.path);
            problems.push(RuleError::new(&path.display().to_string(), &skipped.reason));
        }
        let paths: HashSet<&str> = report.files.iter().map(|file| file.path.as_str()).collect();
        for file in report
            .files
            .iter()
            .filter(|file| is_rule_file(&file.path, &paths))
        {
            let full = folder.join(&file.path);
            match read(&full) {
                Ok(text) => documents.push((full.display().to_string(), text)),
                Err(error) => problems.push(error),
            }
        }
    }
    documents
}

/// YAML; but not the tests of a rule, where they lie beside it as `RULE-test.yml`.
fn is_rule_file(path: &str, siblings: &HashSet<&str>) -> bool {
    let is_test = path
        .strip_suffix("-test.yml")
        .is_some_and(|stem| siblings.contains(format!("{stem}.yml").as_str()));
    let extension = Path::new(path).extension().unwrap_or_default();
    (extension == "yml" || extension == "yaml") && !is_test
}

fn read(path: &Path) -> Result<String, RuleError> {
    let named = path.display().to_string();
    let failed = |error: std::io::Error| RuleError::new(&named, format!("can't be read: {error}"));
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(RuleError::new(&named, "is not a file"));
    }
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(RuleError::new(
            &named,
            format!("larger than {MAX_FILE_BYTES} bytes"),
        ));
    }
    Ok(text)
}
