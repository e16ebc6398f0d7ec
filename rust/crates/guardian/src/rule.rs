//! One compiled rule.

use std::path::Path;

use ast_grep_config::{Fixer, GlobalRules, Metadata, RuleConfig, SerializableRuleConfig, from_multiple};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_value::Value;
use syntax::SupportLang;

use crate::error::RuleError;
use crate::finding::Severity;

/// What a listing shows of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Unique in its language.
    pub rule_id: String,
    /// The ast-grep name of the language.
    pub language: String,
    /// How bad its findings are.
    pub severity: Severity,
    /// One line, with meta-variables as they are written.
    pub message: String,
    /// More about it, markdown.
    pub note: Option<String>,
    /// Whether it has a fix.
    pub is_fixable: bool,
    /// Whether it calls its fix safe.
    pub is_safe_fix: bool,
}

pub(crate) struct CompiledRule {
    pub config: RuleConfig<SupportLang>,
    pub source_name: String,
    pub is_safe_fix: bool,
    files: Option<GlobSet>,
    ignores: Option<GlobSet>,
}

impl CompiledRule {
    /// All rules of a YAML text, which may have several documents.
    pub fn parse_all(source_name: &str, yaml: &str, globals: &GlobalRules) -> Result<Vec<Self>, RuleError> {
        let documents: Vec<SerializableRuleConfig<SupportLang>> =
            from_multiple(yaml).map_err(|error| RuleError::yaml(source_name, &error))?;
        documents
            .into_iter()
            .map(|document| Self::compile(source_name, document, globals))
            .collect()
    }

    fn compile(
        source_name: &str,
        document: SerializableRuleConfig<SupportLang>,
        globals: &GlobalRules,
    ) -> Result<Self, RuleError> {
        if document.id.trim().is_empty() {
            return Err(RuleError::new(source_name, "a rule has no `id`"));
        }
        let named = format!("{source_name}: rule {}", document.id);
        let config =
            RuleConfig::try_from(document, globals).map_err(|error| RuleError::caused(&named, &error))?;
        // ast-grep parses the message at each finding and expects that it can.
        Fixer::from_str(&config.message, &config.language)
            .map_err(|error| RuleError::caused(&named, &error))?;
        let files = glob_set(config.files.as_deref(), &named)?;
        let ignores = glob_set(config.ignores.as_deref(), &named)?;
        let is_safe_fix = config.metadata.as_ref().is_some_and(says_fix_is_safe);
        Ok(Self {
            config,
            source_name: source_name.to_owned(),
            is_safe_fix,
            files,
            ignores,
        })
    }

    pub fn severity(&self) -> Option<Severity> {
        Severity::of(&self.config.severity)
    }

    /// Whether the rule's `files` and `ignores` let this path in.
    pub fn applies_to(&self, path: &str) -> bool {
        let path = Path::new(path);
        !self.ignores.as_ref().is_some_and(|globs| globs.is_match(path))
            && self.files.as_ref().is_none_or(|globs| globs.is_match(path))
    }

    /// None when the rule is off.
    pub fn info(&self) -> Option<RuleInfo> {
        Some(RuleInfo {
            rule_id: self.config.id.clone(),
            language: self.config.language.to_string(),
            severity: self.severity()?,
            message: self.config.message.clone(),
            note: self.config.note.clone(),
            is_fixable: !self.config.fixer.is_empty(),
            is_safe_fix: self.is_safe_fix,
        })
    }
}

fn says_fix_is_safe(metadata: &Metadata) -> bool {
    let Ok(Value::Newtype(inner)) = serde_value::to_value(metadata) else {
        return false;
    };
    let Value::Map(entries) = *inner else { return false };
    let is_fix = |key: &Value| *key == Value::String("fix".to_owned());
    entries
        .iter()
        .any(|(key, value)| is_fix(key) && *value == Value::String("safe".to_owned()))
}

fn glob_set<G: serde::Serialize>(globs: Option<&[G]>, named: &str) -> Result<Option<GlobSet>, RuleError> {
    let Some(globs) = globs else { return Ok(None) };
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        let (text, is_case_insensitive) =
            glob_of(glob).ok_or_else(|| RuleError::new(named, "`files` and `ignores` hold globs"))?;
        let text = text.strip_prefix("./").unwrap_or(&text);
        let compiled = GlobBuilder::new(text)
            .case_insensitive(is_case_insensitive)
            .build();
        builder.add(compiled.map_err(|error| RuleError::caused(named, &error))?);
    }
    builder
        .build()
        .map(Some)
        .map_err(|error| RuleError::caused(named, &error))
}

/// ast-grep does not export the type of these entries: a string, or a map with `glob` and `caseInsensitive`.
fn glob_of<G: serde::Serialize>(glob: &G) -> Option<(String, bool)> {
    match serde_value::to_value(glob).ok()? {
        Value::String(text) => Some((text, false)),
        Value::Map(entries) => {
            let get = |name: &str| entries.get(&Value::String(name.to_owned()));
            let Some(Value::String(text)) = get("glob") else {
                return None;
            };
            Some((
                text.clone(),
                matches!(get("caseInsensitive"), Some(Value::Bool(true))),
            ))
        }
        _ => None,
    }
}
