//! A set of compiled rules.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ast_grep_config::GlobalRules;
use syntax::SupportLang;

use crate::error::RuleError;
use crate::language_map::LanguageMap;
use crate::pool;
use crate::rule::{CompiledRule, RuleInfo};

/// Compiled rules, grouped by language. Immutable and shared between threads.
#[derive(Clone, Default)]
pub struct RuleSet {
    rules: Vec<Arc<CompiledRule>>,
    by_language: HashMap<SupportLang, Vec<usize>>,
    languages: LanguageMap,
}

impl RuleSet {
    /// From (source name, YAML text) pairs.
    pub fn from_yaml<S: AsRef<str> + Sync>(documents: &[(S, S)]) -> Result<Self, RuleError> {
        pool::run(|| Self::compile(documents, &GlobalRules::default(), LanguageMap::default()))
    }

    pub(crate) fn compile<S: AsRef<str>>(
        documents: &[(S, S)],
        globals: &GlobalRules,
        languages: LanguageMap,
    ) -> Result<Self, RuleError> {
        let mut rules = Vec::new();
        for (source_name, yaml) in documents {
            rules.extend(CompiledRule::parse_all(
                source_name.as_ref(),
                yaml.as_ref(),
                globals,
            )?);
        }
        refuse_duplicates(&rules)?;
        Ok(Self::new(rules.into_iter().map(Arc::new).collect(), languages))
    }

    fn new(rules: Vec<Arc<CompiledRule>>, languages: LanguageMap) -> Self {
        let mut by_language: HashMap<_, Vec<_>> = HashMap::new();
        for (index, rule) in rules.iter().enumerate() {
            if rule.severity().is_some() {
                by_language.entry(rule.config.language).or_default().push(index);
            }
        }
        Self {
            rules,
            by_language,
            languages,
        }
    }

    /// Both sets. All rules of this set whose id `other` has too give way, so that a rule can also be turned off.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let newer: HashSet<_> = other.rules.iter().map(|rule| rule.config.id.as_str()).collect();
        let kept = self
            .rules
            .iter()
            .filter(|rule| !newer.contains(rule.config.id.as_str()));
        let rules = kept.chain(&other.rules).cloned().collect();
        Self::new(rules, other.languages.before(&self.languages))
    }

    /// The rules that are on, ordered by language and id.
    pub fn rules(&self) -> Vec<RuleInfo> {
        let mut infos: Vec<_> = self.rules.iter().filter_map(|rule| rule.info()).collect();
        infos.sort_by(|left, right| (&left.language, &left.rule_id).cmp(&(&right.language, &right.rule_id)));
        infos
    }

    /// The number of rules that are on.
    pub fn len(&self) -> usize {
        self.by_language.values().map(Vec::len).sum()
    }

    /// Whether no rule is on.
    pub fn is_empty(&self) -> bool {
        self.by_language.is_empty()
    }

    /// The language of a path: the set's own globs first, then the extension.
    pub fn language_of(&self, path: &str) -> Option<SupportLang> {
        self.languages
            .language_of(path)
            .or_else(|| syntax::language_of(path))
    }

    pub(crate) fn has_rules_for(&self, language: SupportLang) -> bool {
        self.by_language.contains_key(&language)
    }

    pub(crate) fn rule(&self, index: usize) -> &CompiledRule {
        &self.rules[index]
    }

    /// Indexes of the rules for a file.
    pub(crate) fn rules_for(&self, path: &str, language: SupportLang) -> Vec<usize> {
        let indexes = self
            .by_language
            .get(&language)
            .map(Vec::as_slice)
            .unwrap_or_default();
        indexes
            .iter()
            .copied()
            .filter(|&index| self.rules[index].applies_to(path))
            .collect()
    }
}

fn refuse_duplicates(rules: &[CompiledRule]) -> Result<(), RuleError> {
    let mut seen = HashMap::new();
    for rule in rules {
        let key = (rule.config.id.as_str(), rule.config.language);
        if let Some(first) = seen.insert(key, &rule.source_name) {
            let reason = format!(
                "the rule {} for {} is also in {first}; give it another id",
                key.0, key.1
            );
            return Err(RuleError::new(&rule.source_name, reason));
        }
    }
    Ok(())
}
