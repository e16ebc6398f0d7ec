//! Which language a path or a name means.

use std::path::Path;

use ast_grep_core::Language;
pub use ast_grep_language::SupportLang;

/// The language of a path, by its extension alone.
pub fn language_of(path: &str) -> Option<SupportLang> {
    SupportLang::from_path(Path::new(path))
}

/// The language with this name or alias ("Python", "py"), in any case.
pub fn language_by_name(name: &str) -> Option<SupportLang> {
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_languages_by_extension_and_alias() {
        assert_eq!(language_of("a/b.py"), Some(SupportLang::Python));
        assert_eq!(language_of("a/b.tsx"), Some(SupportLang::Tsx));
        assert_eq!(language_of("Makefile"), None);
        assert_eq!(language_by_name("ts"), Some(SupportLang::TypeScript));
        assert_eq!(language_by_name("klingon"), None);
    }
}
