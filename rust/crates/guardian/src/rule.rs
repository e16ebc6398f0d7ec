//! One compiled rule.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use ast_grep_config::{Fixer, GlobalRules, Metadata, RuleConfig, SerializableRuleConfig, from_multiple};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_value::Value;
use syntax::SupportLang;

use crate::error::{RuleError, chain};
use crate::file_fact::{self, Parts};
use crate::finding::Severity;
use crate::need::{Need, Scope, Utils};
use crate::prefilter::Prefilter;
use crate::reach::{Reach, Sight, layout};
use crate::reading::{need_of, sight_of};

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
    /// The page about it.
    pub url: Option<String>,
    /// The file that it is in, or what the caller called the text.
    pub source_name: String,
}

pub(crate) struct CompiledRule {
    pub config: RuleConfig<SupportLang>,
    pub source_name: String,
    pub rule_id: Arc<str>,
    pub note: Option<Arc<str>>,
    pub url: Option<Arc<str>>,
    pub is_safe_fix: bool,
    /// The field in which two nodes must be the same, see [`crate::twins`].
    pub twin_field: Option<String>,
    /// The message has no meta-variables.
    pub is_plain_message: bool,
    /// What a source must contain for the rule to match in it.
    pub need: Need,
    /// What the text of a node must contain for the rule to match the node.
    pub own_need: Prefilter,
    /// Its conditions on the whole file, apart from the rest; where that makes the rest see less.
    pub parts: Option<Parts>,
    /// What it looks at beside the node, conditions on the file left out.
    pub sight: Sight,
    /// The folder that `files` and `ignores` are relative to; None for the folder that is linted.
    base: Option<Arc<Path>>,
    files: Option<GlobSet>,
    ignores: Option<GlobSet>,
}

/// What the rules of one project share.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shared<'a> {
    pub globals: Option<&'a GlobalRules>,
    pub utils: Option<&'a Utils>,
    pub base: Option<&'a Arc<Path>>,
}

impl CompiledRule {
    /// The rules of a YAML text that are right, and what is wrong with the others.
    pub fn parse_documents(source_name: &str, yaml: &str, shared: Shared<'_>) -> (Vec<Self>, Vec<RuleError>) {
        let parts = yaml_documents(yaml);
        let (mut rules, mut errors) = (Vec::new(), Vec::new());
        for (number, (lines_above, text)) in parts.iter().enumerate() {
            let default_id = default_id(source_name, number, parts.len());
            match Self::parse(source_name, text, &default_id, shared) {
                Ok(found) => rules.extend(found),
                Err(error) => errors.push(error.below(*lines_above)),
            }
        }
        (rules, errors)
    }

    fn parse(
        source_name: &str,
        text: &str,
        default_id: &str,
        shared: Shared<'_>,
    ) -> Result<Vec<Self>, RuleError> {
        let documents: Vec<SerializableRuleConfig<SupportLang>> =
            from_multiple(text).map_err(|error| RuleError::yaml(source_name, &error))?;
        let compile = |mut document: SerializableRuleConfig<SupportLang>| {
            if document.id.trim().is_empty() {
                default_id.clone_into(&mut document.id);
            }
            Self::compile(source_name, document, shared).map_err(|error| error.found_in(text))
        };
        documents.into_iter().map(compile).collect()
    }

    fn compile(
        source_name: &str,
        document: SerializableRuleConfig<SupportLang>,
        shared: Shared<'_>,
    ) -> Result<Self, RuleError> {
        if document.id.is_empty() {
            return Err(RuleError::new(source_name, "a rule has no `id`"));
        }
        let rule_id = document.id.clone();
        let failed = |error: &dyn std::error::Error| {
            RuleError::new(source_name, format!("rule {rule_id}: {}", chain(error)))
        };
        let none = GlobalRules::default();
        let config = RuleConfig::try_from(document, shared.globals.unwrap_or(&none))
            .map_err(|error| failed(&error))?;
        // ast-grep parses the message at each finding and expects that it can.
        Fixer::from_str(&config.message, &config.language).map_err(|error| failed(&error))?;
        let named = format!("rule {rule_id}");
        let globs = |globs: Option<&[_]>| {
            glob_set(globs, &named).map_err(|error| RuleError::new(source_name, error.to_string()))
        };
        let (files, ignores) = (globs(config.files.as_deref())?, globs(config.ignores.as_deref())?);
        let parts = parts_of(&config, shared);
        let sight = parts.as_ref().map_or_else(
            || sight_of(&config, shared.utils),
            |parts| sight_of(&parts.near, shared.utils),
        );
        Ok(Self {
            source_name: source_name.to_owned(),
            rule_id: config.id.as_str().into(),
            note: config.note.as_deref().map(Into::into),
            url: config.url.as_deref().map(Into::into),
            is_safe_fix: metadata_word(config.metadata.as_ref(), "fix").is_some_and(|word| word == "safe"),
            twin_field: metadata_word(config.metadata.as_ref(), "twins"),
            is_plain_message: !config.message.contains('$'),
            need: need_of(&config, &config.rule, shared.utils, Scope::Source),
            own_need: Prefilter::new([&need_of(&config, &config.rule, shared.utils, Scope::Node)]),
            parts,
            sight,
            base: shared.base.cloned(),
            files,
            ignores,
            config,
        })
    }

    pub fn severity(&self) -> Option<Severity> {
        Severity::of(&self.config.severity)
    }

    /// Whether `files` or `ignores` say more than the language does.
    pub fn has_globs(&self) -> bool {
        self.files.is_some() || self.ignores.is_some()
    }

    /// Whether the rule's `files` and `ignores` let this path in. `root` is the real path of the folder that it is
    /// relative to, where that is known.
    pub fn applies_to(&self, path: &str, root: Option<&Path>) -> bool {
        if !self.has_globs() {
            return true;
        }
        let path = self.path_from_base(path, root);
        let path = Path::new(path.as_ref());
        !self.ignores.as_ref().is_some_and(|globs| globs.is_match(path))
            && self.files.as_ref().is_none_or(|globs| globs.is_match(path))
    }

    fn path_from_base<'p>(&self, path: &'p str, root: Option<&Path>) -> Cow<'p, str> {
        let (Some(base), Some(root)) = (self.base.as_deref(), root) else {
            return path.into();
        };
        if let Ok(below) = root.strip_prefix(base) {
            let full = below.join(path);
            return Cow::Owned(full.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"));
        }
        let inside = base
            .strip_prefix(root)
            .ok()
            .and_then(|base| Path::new(path).strip_prefix(base).ok())
            .and_then(Path::to_str);
        inside.unwrap_or(path).into()
    }

    /// Whether a child of the root and the two beside it tell what the rule finds at it, unless it has twins or looks at
    /// the whole file.
    pub fn is_told_by_neighbours(&self) -> bool {
        !self.sight.is_beyond || self.twin_field.is_some() || self.sight.reach == Reach::File
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
            url: self.config.url.clone(),
            source_name: self.source_name.clone(),
        })
    }
}

/// The parts between the lines `---`, with the number of lines above each.
fn yaml_documents(yaml: &str) -> Vec<(usize, &str)> {
    if yaml.starts_with('%') {
        return vec![(0, yaml)]; // directives belong to the document behind the line
    }
    let is_border = |line: &str| {
        line.strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let (mut parts, mut start, mut start_line, mut offset) = (Vec::new(), 0, 0, 0);
    for (number, line) in yaml.split_inclusive('\n').enumerate() {
        if is_border(line) && number > 0 {
            parts.push((start_line, &yaml[start..offset]));
            (start, start_line) = (offset, number);
        }
        offset += line.len();
    }
    parts.push((start_line, &yaml[start..]));
    let has_content = |text: &str| {
        text.lines().any(|line| {
            let line = line.strip_prefix("---").unwrap_or(line).trim();
            !line.is_empty() && !line.starts_with('#')
        })
    };
    parts.retain(|(_, text)| has_content(text));
    parts
}

/// A rule without an id is called after its file, as ast-grep does; a text that is no file gives no id.
fn default_id(source_name: &str, number: usize, count: usize) -> String {
    let path = Path::new(source_name);
    let is_file = path.is_absolute();
    let Some(stem) = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .filter(|_| is_file)
    else {
        return String::new();
    };
    if count > 1 {
        format!("{stem}-{number}")
    } else {
        stem.to_owned()
    }
}

/// None where the rest of the rule would look at the whole file, too.
fn parts_of(config: &RuleConfig<SupportLang>, shared: Shared<'_>) -> Option<Parts> {
    let none = GlobalRules::default();
    let need_of_fact = |rule: &_| need_of(config, rule, shared.utils, Scope::Node);
    let parts = file_fact::parts(
        config,
        layout(config.language)?,
        shared.globals.unwrap_or(&none),
        need_of_fact,
    )?;
    (sight_of(&parts.near, shared.utils).reach < Reach::File).then_some(parts)
}

fn metadata_word(metadata: Option<&Metadata>, key: &str) -> Option<String> {
    let Ok(Value::Newtype(inner)) = serde_value::to_value(metadata?) else {
        return None;
    };
    let Value::Map(mut entries) = *inner else {
        return None;
    };
    match entries.remove(&Value::String(key.to_owned())) {
        Some(Value::String(word)) => Some(word),
        _ => None,
    }
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
