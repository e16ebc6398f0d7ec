//! Languages inside other languages: those that a grammar knows of (scripts and styles in HTML), and `languageInjections`.

use std::sync::Arc;

use ast_grep_config::{DeserializeEnv, RuleCore, SerializableRuleCore};
use ast_grep_core::tree_sitter::LanguageExt;
use serde::Deserialize;
use serde_value::Value;
use syntax::{Document, Range, SupportLang, language_by_name};
use tree_sitter::Point;

use crate::error::{RuleError, chain};

/// One entry of `languageInjections`, as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InjectionConfig {
    #[serde(flatten)]
    core: SerializableRuleCore,
    host_language: String,
    injected: Value,
}

/// Where a rule of the host matches, its `$CONTENT` is in another language.
pub(crate) struct Injection {
    pub host: SupportLang,
    matcher: RuleCore,
    /// The language; None when `$LANG` says it.
    fixed: Option<SupportLang>,
    possible: Vec<SupportLang>,
}

impl Injection {
    pub fn compile(config: &InjectionConfig, source_name: &str) -> Result<Self, RuleError> {
        let failed = |reason: String| RuleError::new(source_name, format!("languageInjections: {reason}"));
        let host = language_by_name(&config.host_language)
            .ok_or_else(|| failed(format!("unknown language {:?}", config.host_language)))?;
        let matcher = config
            .core
            .get_matcher(DeserializeEnv::new(host))
            .map_err(|error| failed(chain(&error)))?;
        let (fixed, names) = match &config.injected {
            Value::String(name) => (language_by_name(name), vec![name.as_str()]),
            Value::Seq(names) => {
                fn text(name: &Value) -> Option<&str> {
                    match name {
                        Value::String(text) => Some(text),
                        _ => None,
                    }
                }
                (None, names.iter().filter_map(text).collect())
            }
            _ => {
                return Err(failed(
                    "`injected` is the name of a language, or a list of names".to_owned(),
                ));
            }
        };
        let possible: Vec<_> = names.into_iter().filter_map(language_by_name).collect();
        if possible.is_empty() {
            return Err(failed("`injected` names no known language".to_owned()));
        }
        Ok(Self {
            host,
            matcher,
            fixed,
            possible,
        })
    }

    fn regions(&self, document: &Document) -> Vec<(SupportLang, Vec<Range>)> {
        let root = document.root();
        let matches = root.find_all(&self.matcher);
        let region = |matched: ast_grep_core::NodeMatch<'_, _>| {
            let content = matched.get_env().get_match("CONTENT")?.range();
            let language = match matched.get_env().get_match("LANG") {
                Some(name) => language_by_name(&name.text()),
                None => self.fixed,
            };
            Some((language?, vec![range_of(document.source(), content)]))
        };
        matches.filter_map(region).collect()
    }
}

/// Languages that may be inside a language.
pub(crate) fn inner_languages(injections: &[Arc<Injection>], host: SupportLang) -> Vec<SupportLang> {
    let built_in = host.injectable_languages().unwrap_or_default();
    let mut languages: Vec<_> = built_in
        .iter()
        .filter_map(|name| language_by_name(name))
        .collect();
    let own = injections.iter().filter(|injection| injection.host == host);
    languages.extend(own.flat_map(|injection| injection.possible.iter().copied()));
    languages.sort_unstable_by_key(|language| *language as usize);
    languages.dedup();
    languages
}

/// The parts of a document that are in other languages.
pub(crate) fn regions(injections: &[Arc<Injection>], document: &Document) -> Vec<(SupportLang, Vec<Range>)> {
    let mut found = syntax::regions(document);
    let own = injections
        .iter()
        .filter(|injection| injection.host == *document.lang());
    found.extend(own.flat_map(|injection| injection.regions(document)));
    found
}

fn range_of(source: &str, bytes: std::ops::Range<usize>) -> Range {
    Range {
        start_byte: bytes.start,
        end_byte: bytes.end,
        start_point: point_at(source, bytes.start),
        end_point: point_at(source, bytes.end),
    }
}

fn point_at(source: &str, byte: usize) -> Point {
    let before = &source.as_bytes()[..byte];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    Point::new(memchr::memchr_iter(b'\n', before).count(), byte - line_start)
}
