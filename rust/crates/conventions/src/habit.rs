//! The questions that are asked.

/// Languages that share conventions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// `.py`, `.pyi`
    Python,
    /// JavaScript and TypeScript.
    Script,
    /// Rust.
    Rust,
    /// Go.
    Go,
}

/// Whether a deviation is a reason to refuse a change, or only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It is.
    Warning,
    /// It is told.
    Info,
}

/// A question that code answers again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is described by `Habit::text`")]
pub enum Habit {
    FunctionName,
    MethodName,
    ClassName,
    ConstantName,
    VariableName,
    ParameterName,
    TestName,
    FileName,
    TestFileName,
    TestPlace,
    Quotes,
    ImportForm,
    ImportReach,
    ImportGroups,
    ModuleSystem,
    ModuleDocstring,
    ClassDocstring,
    FunctionDocstring,
    DocstringStart,
    DocstringSections,
    ErrorBase,
    RaisedError,
}

/// Names: see [`crate::style`].
const NAME_STYLES: [&str; 5] = [
    "snake_case",
    "camelCase",
    "PascalCase",
    "UPPER_CASE",
    "kebab-case",
];

impl Habit {
    /// Identity in findings: `convention/<id>`.
    pub fn id(self) -> &'static str {
        self.text().0
    }

    /// What is counted, in the plural.
    pub fn noun(self) -> &'static str {
        self.text().1
    }

    /// What can be chosen, in words that follow "… of … functions".
    pub fn choices(self) -> &'static [&'static str] {
        self.text().2
    }

    fn text(self) -> (&'static str, &'static str, &'static [&'static str]) {
        const NAMES: &[&str] = &NAME_STYLES;
        match self {
            Self::FunctionName => ("function-name", "functions", NAMES),
            Self::MethodName => ("method-name", "methods", NAMES),
            Self::ClassName => ("class-name", "classes", NAMES),
            Self::ConstantName => ("constant-name", "constants", NAMES),
            Self::VariableName => ("variable-name", "variables", NAMES),
            Self::ParameterName => ("parameter-name", "parameters", NAMES),
            Self::TestName => ("test-name", "test functions", NAMES),
            Self::FileName => ("file-name", "files", NAMES),
            Self::TestFileName => (
                "test-file-name",
                "test files",
                &["named test_*", "named *_test", "named *.test.*", "named *.spec.*"],
            ),
            Self::TestPlace => (
                "test-place",
                "test files",
                &["in a folder of tests", "beside the code they test"],
            ),
            Self::Quotes => ("quotes", "strings", &["in double quotes", "in single quotes"]),
            Self::ImportForm => (
                "import-form",
                "imports",
                &["written `from x import y`", "written `import x`"],
            ),
            Self::ImportReach => (
                "import-reach",
                "imports of the own package",
                &["relative", "absolute"],
            ),
            Self::ImportGroups => (
                "import-groups",
                "files that import own and other modules",
                &[
                    "with a blank line between the two",
                    "with no blank line between the two",
                ],
            ),
            Self::ModuleSystem => ("module-system", "imports", &["ES modules", "calls of require"]),
            Self::ModuleDocstring => (
                "module-docstring",
                "modules",
                &["documented", "without a docstring"],
            ),
            Self::ClassDocstring => (
                "class-docstring",
                "public classes",
                &["documented", "without a docstring"],
            ),
            Self::FunctionDocstring => (
                "function-docstring",
                "public functions",
                &["documented", "without a docstring"],
            ),
            Self::DocstringStart => (
                "docstring-start",
                "docstrings",
                &[
                    "begun on the line of the quotes",
                    "begun on the line below the quotes",
                ],
            ),
            Self::DocstringSections => (
                "docstring-sections",
                "docstrings with parameters",
                &["in Google's style", "in NumPy's style", "in Sphinx's style"],
            ),
            Self::ErrorBase => (
                "error-base",
                "error classes",
                &[
                    "derived from an error of the project",
                    "derived from built-in errors",
                ],
            ),
            Self::RaisedError => (
                "raised-error",
                "raised errors",
                &["of the project's own types", "of built-in types"],
            ),
        }
    }

    /// Whether a deviation can refuse a change.
    ///
    /// Names, quotes, relative imports and module systems are asked of every piece of code, and nothing but taste speaks
    /// for the other choice. The others have good reasons now and then.
    pub fn severity(self) -> Severity {
        match self {
            Self::FunctionName
            | Self::MethodName
            | Self::ClassName
            | Self::ParameterName
            | Self::VariableName
            | Self::TestName
            | Self::FileName
            | Self::TestFileName
            | Self::Quotes
            | Self::ModuleSystem => Severity::Warning,
            _ => Severity::Info,
        }
    }

    /// Whether a deviation is reported. The absence of something is no rule that a change must follow.
    pub(crate) fn is_asked(self, choice: usize) -> bool {
        match self {
            Self::ModuleDocstring | Self::ClassDocstring | Self::FunctionDocstring | Self::ImportGroups => {
                choice == 0
            }
            Self::ErrorBase | Self::RaisedError => choice == 0,
            Self::ImportForm => false,
            _ => true,
        }
    }

    /// Whether the fact is a name that someone chose.
    pub(crate) fn is_name(self) -> bool {
        self <= Self::TestName
    }
}

impl Family {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Script => "JavaScript and TypeScript",
            Self::Rust => "Rust",
            Self::Go => "Go",
        }
    }
}
