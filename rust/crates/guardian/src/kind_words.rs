//! Words that a node of some kind always has in its text.
//!
//! Only words that are followed by more of the node: the parser mends a broken source by inserting a token alone where
//! that token ends something, so that `return` may be missing in a `return_statement`, but `class` never in a
//! `class_definition`.

use syntax::SupportLang;

/// One of these words is in the text of every node of the kind. Empty where none is known.
pub(crate) fn words_of_kind(language: SupportLang, kind: &str) -> &'static [&'static str] {
    match language {
        SupportLang::Python => python(kind),
        SupportLang::JavaScript | SupportLang::TypeScript | SupportLang::Tsx => script(kind),
        SupportLang::Rust => rust(kind),
        SupportLang::Go => go(kind),
        _ => &[],
    }
}

fn python(kind: &str) -> &'static [&'static str] {
    match kind {
        "class_definition" => &["class"],
        "function_definition" => &["def"],
        "decorator" | "decorated_definition" => &["@"],
        "try_statement" => &["try"],
        "except_clause" => &["except"],
        "finally_clause" => &["finally"],
        "with_statement" => &["with"],
        "for_statement"
        | "for_in_clause"
        | "list_comprehension"
        | "set_comprehension"
        | "dictionary_comprehension"
        | "generator_expression" => &["for"],
        "while_statement" => &["while"],
        "if_statement" | "conditional_expression" | "if_clause" => &["if"],
        "elif_clause" => &["elif"],
        "else_clause" => &["else"],
        "import_statement" | "import_from_statement" => &["import"],
        "lambda" => &["lambda"],
        "assert_statement" => &["assert"],
        "delete_statement" => &["del"],
        "global_statement" => &["global"],
        "nonlocal_statement" => &["nonlocal"],
        "match_statement" => &["match"],
        "case_clause" => &["case"],
        "await" => &["await"],
        "not_operator" => &["not"],
        "comment" => &["#"],
        _ => &[],
    }
}

fn script(kind: &str) -> &'static [&'static str] {
    match kind {
        "class_declaration" | "class" | "abstract_class_declaration" => &["class"],
        "function_declaration"
        | "function_expression"
        | "generator_function"
        | "generator_function_declaration" => &["function"],
        "arrow_function" => &["=>"],
        "import_statement" => &["import"],
        "export_statement" => &["export"],
        "try_statement" => &["try"],
        "catch_clause" => &["catch"],
        "finally_clause" => &["finally"],
        "throw_statement" => &["throw"],
        "new_expression" => &["new"],
        "for_statement" | "for_in_statement" => &["for"],
        "while_statement" => &["while"],
        "do_statement" => &["do"],
        "switch_statement" => &["switch"],
        "switch_case" => &["case"],
        "switch_default" => &["default"],
        "if_statement" => &["if"],
        "else_clause" => &["else"],
        "await_expression" => &["await"],
        "with_statement" => &["with"],
        "variable_declaration" => &["var"],
        "lexical_declaration" => &["let", "const"],
        "template_string" => &["`"],
        "interface_declaration" => &["interface"],
        "enum_declaration" => &["enum"],
        "as_expression" => &["as"],
        "satisfies_expression" => &["satisfies"],
        "decorator" => &["@"],
        "comment" => &["//", "/*"],
        _ => &[],
    }
}

fn rust(kind: &str) -> &'static [&'static str] {
    match kind {
        "function_item" => &["fn"],
        "struct_item" => &["struct"],
        "enum_item" => &["enum"],
        "impl_item" => &["impl"],
        "trait_item" => &["trait"],
        "use_declaration" => &["use"],
        "match_expression" => &["match"],
        "unsafe_block" => &["unsafe"],
        "let_declaration" => &["let"],
        "macro_invocation" => &["!"],
        "if_expression" => &["if"],
        "for_expression" => &["for"],
        "while_expression" => &["while"],
        "loop_expression" => &["loop"],
        "attribute_item" => &["#"],
        "line_comment" => &["//"],
        "block_comment" => &["/*"],
        _ => &[],
    }
}

fn go(kind: &str) -> &'static [&'static str] {
    match kind {
        "function_declaration" | "method_declaration" | "func_literal" => &["func"],
        "go_statement" => &["go"],
        "defer_statement" => &["defer"],
        "if_statement" => &["if"],
        "for_statement" => &["for"],
        "type_declaration" => &["type"],
        "import_declaration" => &["import"],
        "select_statement" => &["select"],
        "comment" => &["//", "/*"],
        _ => &[],
    }
}
