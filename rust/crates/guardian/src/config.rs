//! Rules of a project: `sgconfig.yml` with `ruleDirs`, `utilDirs` and `languageGlobs`.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ast_grep_config::{DeserializeEnv, GlobalRules, SerializableGlobalRule, from_multiple, from_str};
use search::{Walk, walk};
use serde::Deserialize;
use syntax::SupportLang;

use crate::error::RuleError;
use crate::language_map::LanguageMap;
use crate::pool;
use crate::rule_set::RuleSet;

/// Larger configuration and rule files are refused.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_FILES: usize = 10_000;

/// The keys of `sgconfig.yml` that matter for linting; the others are for ast-grep's own commands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    rule_dirs: Vec<PathBuf>,
    #[serde(default)]
    util_dirs: Vec<PathBuf>,
    #[serde(default)]
    language_globs: BTreeMap<String, Vec<String>>,
}

/// Read the configuration and everything that it names; folders are relative to the configuration file.
pub fn from_config(path: &Path) -> Result<RuleSet, RuleError> {
    pool::run(|| load(path))
}

fn load(path: &Path) -> Result<RuleSet, RuleError> {
    let source_name = path.display().to_string();
    let text = read(path)?;
    let config: Config = from_str(&text).map_err(|error| RuleError::yaml(&source_name, &error))?;
    let languages = LanguageMap::new(&config.language_globs, &source_name)?;
    let base = path.parent().unwrap_or(Path::new("."));
    let globals = global_utils(&read_folders(base, &config.util_dirs)?, &source_name)?;
    RuleSet::compile(&read_folders(base, &config.rule_dirs)?, &globals, languages)
}

fn global_utils(documents: &[(String, String)], source_name: &str) -> Result<GlobalRules, RuleError> {
    let mut utils: Vec<SerializableGlobalRule<SupportLang>> = Vec::new();
    for (name, yaml) in documents {
        let found: Vec<_> = from_multiple(yaml).map_err(|error| RuleError::yaml(name, &error))?;
        utils.extend(found);
    }
    DeserializeEnv::parse_global_utils(utils)
        .map_err(|error| RuleError::caused(&format!("{source_name}: utilDirs"), &error))
}

/// All YAML files below the folders, in the order of their paths.
fn read_folders(base: &Path, folders: &[PathBuf]) -> Result<Vec<(String, String)>, RuleError> {
    let mut documents = Vec::new();
    for folder in folders {
        let folder = base.join(folder);
        let options = Walk {
            max_files: MAX_FILES,
            ..Walk::new(&folder)
        };
        let named = folder.display().to_string();
        let report = walk(&options).map_err(|error| RuleError::caused(&named, &error))?;
        if report.is_truncated {
            return Err(RuleError::new(&named, format!("more than {MAX_FILES} files")));
        }
        if let Some(skipped) = report.skipped.first() {
            return Err(RuleError::new(
                &folder.join(&skipped.path).display().to_string(),
                &skipped.reason,
            ));
        }
        let paths: HashSet<&str> = report.files.iter().map(|file| file.path.as_str()).collect();
        for file in report
            .files
            .iter()
            .filter(|file| is_rule_file(&file.path, &paths))
        {
            let full = folder.join(&file.path);
            documents.push((full.display().to_string(), read(&full)?));
        }
    }
    Ok(documents)
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
