//! A set of compiled rules.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use syntax::SupportLang;

use crate::error::RuleError;
use crate::injection::{Injection, inner_languages};
use crate::language_map::LanguageMap;
use crate::plan::Plan;
use crate::pool;
use crate::rule::{CompiledRule, RuleInfo, Shared};

/// Most rules of a set; those beyond are refused.
const MAX_RULES: usize = 20_000;

/// Most plans that are kept; files of many folders with globs of their own would else fill the memory.
const MAX_PLANS: usize = 1_000;

type Plans = HashMap<(SupportLang, Vec<usize>), Arc<Plan>>;

/// Compiled rules, grouped by language. Immutable and shared between threads.
#[derive(Clone, Default)]
pub struct RuleSet {
    rules: Vec<Arc<CompiledRule>>,
    by_language: HashMap<SupportLang, Vec<usize>>,
    languages: LanguageMap,
    injections: Vec<Arc<Injection>>,
    problems: Vec<RuleError>,
    /// Of everything that decides what the set finds.
    digest: [u8; 32],
    /// The extension of a path says its language before the set's globs do.
    has_fixed_extensions: bool,
    plans: Arc<RwLock<Plans>>,
}

/// What a project adds to its rules.
#[derive(Default)]
pub(crate) struct Project {
    pub languages: LanguageMap,
    pub injections: Vec<Arc<Injection>>,
    pub problems: Vec<RuleError>,
    pub digest: Vec<u8>,
}

impl RuleSet {
    /// From (source name, YAML text) pairs; an error when one rule is wrong.
    pub fn from_yaml<S: AsRef<str> + Sync>(documents: &[(S, S)]) -> Result<Self, RuleError> {
        let set = pool::run(|| Self::compile(documents, Shared::default(), Project::default()));
        match set.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(set),
        }
    }

    /// The rules that are right; what is wrong with the others is in [`RuleSet::problems`].
    pub(crate) fn compile<S: AsRef<str>>(documents: &[(S, S)], shared: Shared<'_>, project: Project) -> Self {
        let mut rules: Vec<CompiledRule> = Vec::new();
        let mut problems = project.problems;
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(env!("GUARDIAN_VERSION").as_bytes())
            .update(&project.digest);
        for (source_name, yaml) in documents {
            let (name, yaml) = (source_name.as_ref(), yaml.as_ref());
            hasher
                .update(&(yaml.len() as u64).to_le_bytes())
                .update(yaml.as_bytes());
            let (found, wrong) = CompiledRule::parse_documents(name, yaml, shared);
            rules.extend(found);
            problems.extend(wrong);
        }
        drop_duplicates(&mut rules, &mut problems);
        if rules.len() > MAX_RULES {
            rules.truncate(MAX_RULES);
            problems.push(RuleError::new("rules", format!("more than {MAX_RULES} rules")));
        }
        Self {
            problems,
            languages: project.languages,
            injections: project.injections,
            digest: *hasher.finalize().as_bytes(),
            ..Self::of_rules(rules.into_iter().map(Arc::new).collect())
        }
    }

    fn of_rules(rules: Vec<Arc<CompiledRule>>) -> Self {
        let mut by_language: HashMap<_, Vec<_>> = HashMap::new();
        for (index, rule) in rules.iter().enumerate() {
            if rule.severity().is_some() {
                by_language.entry(rule.config.language).or_default().push(index);
            }
        }
        Self {
            rules,
            by_language,
            ..Self::default()
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
        self.joined(other, kept.chain(&other.rules).cloned().collect(), false)
    }

    /// Both sets, for a set that `other` must not weaken: every rule of this set stays as it is, and so does the
    /// language of every path that has one.
    #[must_use]
    pub fn extended(&self, other: &Self) -> Self {
        self.joined(
            other,
            self.rules.iter().chain(&other.rules).cloned().collect(),
            true,
        )
    }

    fn joined(&self, other: &Self, rules: Vec<Arc<CompiledRule>>, has_fixed_extensions: bool) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(&self.digest)
            .update(&other.digest)
            .update(&[u8::from(has_fixed_extensions)]);
        Self {
            languages: other.languages.before(&self.languages),
            injections: self.injections.iter().chain(&other.injections).cloned().collect(),
            problems: self.problems.iter().chain(&other.problems).cloned().collect(),
            digest: *hasher.finalize().as_bytes(),
            has_fixed_extensions: has_fixed_extensions || self.has_fixed_extensions,
            ..Self::of_rules(rules)
        }
    }

    /// The rules that are on, ordered by language and id.
    pub fn rules(&self) -> Vec<RuleInfo> {
        let mut infos: Vec<_> = self.rules.iter().filter_map(|rule| rule.info()).collect();
        infos.sort_by(|left, right| (&left.language, &left.rule_id).cmp(&(&right.language, &right.rule_id)));
        infos
    }

    /// Rules and settings that are wrong and not used.
    pub fn problems(&self) -> &[RuleError] {
        &self.problems
    }

    /// The number of rules that are on.
    pub fn len(&self) -> usize {
        self.by_language.values().map(Vec::len).sum()
    }

    /// Whether no rule is on.
    pub fn is_empty(&self) -> bool {
        self.by_language.is_empty()
    }

    /// The same for every set that finds the same.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The language of a path: the set's own globs first, then the extension.
    pub fn language_of(&self, path: &str) -> Option<SupportLang> {
        let by_glob = || self.languages.language_of(path);
        let by_extension = || syntax::language_of(path);
        if self.has_fixed_extensions {
            by_extension().or_else(by_glob)
        } else {
            by_glob().or_else(by_extension)
        }
    }

    pub(crate) fn has_rules_for(&self, language: SupportLang) -> bool {
        self.by_language.contains_key(&language)
    }

    pub(crate) fn injections(&self) -> &[Arc<Injection>] {
        &self.injections
    }

    /// Languages that have rules and may be inside this one.
    pub(crate) fn inner_languages(&self, host: SupportLang) -> Vec<SupportLang> {
        let mut inner = inner_languages(&self.injections, host);
        inner.retain(|language| self.has_rules_for(*language));
        inner
    }

    pub(crate) fn rules_in_order(&self) -> &[Arc<CompiledRule>] {
        &self.rules
    }

    /// The place of each rule in order, by the address of its id, which its findings share.
    pub(crate) fn rule_numbers(&self) -> HashMap<usize, u32> {
        let numbered = self.rules.iter().enumerate();
        numbered
            .map(|(number, rule)| (Arc::as_ptr(&rule.rule_id).addr(), number as u32))
            .collect()
    }

    /// The plan for a file; `root` as in [`CompiledRule::applies_to`].
    pub(crate) fn plan(&self, language: SupportLang, path: &str, root: Option<&Path>) -> Arc<Plan> {
        let all = self
            .by_language
            .get(&language)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let chosen: Vec<usize> = all
            .iter()
            .copied()
            .filter(|&index| self.rules[index].applies_to(path, root))
            .collect();
        let key = (language, chosen);
        let known = self
            .plans
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        known.unwrap_or_else(|| {
            let rules = key
                .1
                .iter()
                .map(|&index| Arc::clone(&self.rules[index]))
                .collect();
            let plan = Arc::new(Plan::new(language, rules));
            let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
            if plans.len() >= MAX_PLANS {
                plans.clear();
            }
            plans.insert(key, Arc::clone(&plan));
            plan
        })
    }
}

fn drop_duplicates(rules: &mut Vec<CompiledRule>, problems: &mut Vec<RuleError>) {
    let mut seen: HashMap<(String, SupportLang), String> = HashMap::new();
    rules.retain(|rule| {
        let key = (rule.config.id.clone(), rule.config.language);
        if let Some(first) = seen.get(&key) {
            let reason = format!(
                "the rule {} for {} is also in {first}; give it another id",
                key.0, key.1
            );
            problems.push(RuleError::new(&rule.source_name, reason));
            return false;
        }
        seen.insert(key, rule.source_name.clone());
        true
    });
}
