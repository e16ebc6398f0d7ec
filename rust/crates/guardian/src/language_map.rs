//! `languageGlobs`: files whose language their extension does not tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use search::PathFilter;
use syntax::{SupportLang, language_by_name};

use crate::error::RuleError;

#[derive(Clone, Default)]
pub(crate) struct LanguageMap {
    entries: Arc<Vec<(SupportLang, PathFilter)>>,
}

impl LanguageMap {
    pub fn new(globs: &BTreeMap<String, Vec<String>>, source_name: &str) -> Result<Self, RuleError> {
        let mut entries = Vec::new();
        for (name, globs) in globs {
            let language = language_by_name(name).ok_or_else(|| {
                RuleError::new(source_name, format!("languageGlobs: unknown language {name:?}"))
            })?;
            let filter = PathFilter::new(globs)
                .map_err(|error| RuleError::new(source_name, format!("languageGlobs: {error}")))?;
            entries.push((language, filter));
        }
        Ok(Self {
            entries: Arc::new(entries),
        })
    }

    pub fn language_of(&self, path: &str) -> Option<SupportLang> {
        self.entries
            .iter()
            .find(|(_, filter)| filter.is_match(path))
            .map(|(language, _)| *language)
    }

    /// Both maps; this one is asked first.
    pub fn before(&self, other: &Self) -> Self {
        Self {
            entries: Arc::new(self.entries.iter().chain(other.entries.iter()).cloned().collect()),
        }
    }
}
