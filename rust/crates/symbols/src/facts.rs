//! What one file says of names: definitions, imports, exports and uses. Nothing here knows of other files.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An identifier; equal ones of a file share their text.
pub type Name = Arc<str>;

/// Zero-based lines, columns in code points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line of the start.
    pub start_line: u32,
    /// Column of the start.
    pub start_column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column behind the end.
    pub end_column: u32,
}

/// How an argument reaches a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// By position alone.
    Positional,
    /// By position or name.
    Normal,
    /// `*args`, `...rest`.
    Rest,
    /// By name alone.
    Keyword,
    /// `**kwargs`.
    Keywords,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; of a destructured one its text.
    pub name: Name,
    /// How it is filled.
    pub kind: ParameterKind,
    /// Whether a call can leave it out.
    pub is_optional: bool,
}

/// What a method gets as its first argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Receiver {
    /// A plain function, or an instance method: which, says where it stands.
    #[default]
    Instance,
    /// `@classmethod`.
    Class,
    /// `@staticmethod`.
    Static,
}

/// The shape of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// In order.
    pub parameters: Vec<Parameter>,
    /// As it is written, in one line: `(a, *, b=1) -> int`.
    pub text: String,
    /// A decorator may have changed it.
    pub is_opaque: bool,
    /// One of several declared shapes (`@overload`); the implementation follows.
    pub is_overload: bool,
    /// What stands before the written arguments.
    pub receiver: Receiver,
}

/// A module as it is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRef {
    /// `a.b`, or the specifier of a script.
    pub module: Name,
    /// Leading dots of Python.
    pub level: u32,
    /// The name taken from it; None for the module itself.
    pub name: Option<Name>,
    /// The import binds the module's first part (`import a.b` binds `a`).
    pub is_top_only: bool,
    /// `require(...)`: the names are properties of one exported value.
    pub is_required: bool,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A function or method.
    Function(Box<Signature>),
    /// A class: an index into [`FileFacts::classes`].
    Class(u32),
    /// Anything assigned.
    Variable,
    /// A type without a value of its own: interface, alias.
    Type,
    /// Something imported.
    Import(Box<ImportRef>),
}

/// One place that gives a name a meaning.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The name.
    pub name: Name,
    /// Its meaning.
    pub kind: Kind,
    /// Where the name is written.
    pub place: Place,
    /// The class whose member it is.
    pub class: Option<u32>,
    /// It stands at the top of the module, perhaps in a branch.
    pub is_global: bool,
    /// What is caught or asked around it.
    pub guards: Guards,
}

/// What a failure would do where a name is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// A missing module or name of it is expected.
    pub import: bool,
    /// A missing name, attribute or wrong call is expected.
    pub any: bool,
    /// It stands under some condition: another version of an installed module may be meant.
    pub branch: bool,
}

/// The arguments of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallShape {
    /// Arguments by position, spread ones left out.
    pub positional: usize,
    /// Names of arguments.
    pub keywords: Vec<Name>,
    /// `*x`, `...x`.
    pub has_spread: bool,
    /// `**x`.
    pub has_keyword_spread: bool,
}

/// Where the first name of a use comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The module's top, a star import, or the language.
    Global,
    /// The only meaning of a local name: an index into [`FileFacts::bindings`].
    Local(u32),
    /// The instance (or class) that a method of this class got.
    Receiver(u32),
    /// A parameter or a variable: nothing is known.
    Unknown,
}

/// One use of a name: `root.attribute.attribute`, perhaps called.
#[derive(Clone, Debug)]
pub struct Use {
    /// The first name.
    pub root: Name,
    /// What it means there.
    pub target: Root,
    /// The attributes behind it.
    pub attributes: Box<[Name]>,
    /// Where the whole chain is.
    pub place: Place,
    /// The arguments, when it is called.
    pub call: Option<Box<CallShape>>,
    /// What would happen if it were missing.
    pub guards: Guards,
    /// The function, method or class around it: an index into [`FileFacts::bindings`].
    pub owner: Option<u32>,
}

/// A field of a dataclass or of a named tuple.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// It has a default.
    pub is_optional: bool,
    /// By name alone.
    pub is_keyword: bool,
}

/// How instances of a class are made, beside `__init__`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Making {
    /// By `__init__` and `__new__`.
    #[default]
    Plain,
    /// By the fields of a dataclass or a named tuple.
    Fields(Vec<Field>),
    /// Nobody knows.
    Opaque,
}

/// A class.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// Its binding.
    pub binding: u32,
    /// What it derives from.
    pub bases: Vec<Use>,
    /// Names bound in its body.
    pub members: HashMap<Name, Vec<u32>>,
    /// Names stored on instances by its own methods.
    pub attributes: HashSet<Name>,
    /// Attributes can come from elsewhere: a decorator, a metaclass, `__getattr__`, `setattr`.
    pub is_open: bool,
    /// How it is called.
    pub making: Making,
}

impl Class {
    /// Whether its body binds one of these names.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.members.contains_key(*name))
    }
}

/// What `__all__` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Listed {
    /// There is none.
    #[default]
    Absent,
    /// These names.
    Names(Vec<(Name, Place)>),
    /// It is computed.
    Computed,
}

/// One exported name of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name outside; `*` for all of another module, `default`.
    pub name: Name,
    /// The name inside (`None` for an expression), or in the other module.
    pub local: Option<Name>,
    /// The other module of a re-export.
    pub from: Option<Name>,
    /// Where.
    pub place: Place,
}

/// The two families of languages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Python and its stubs.
    #[default]
    Python,
    /// JavaScript.
    JavaScript,
    /// TypeScript.
    TypeScript,
}

/// All of one file.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// Its language.
    pub family: Family,
    /// The parser had to guess: nothing is reported in it or against it.
    pub is_broken: bool,
    /// Names may be bound in ways that can't be seen (`globals()`, a module `__getattr__`, `exec`).
    pub is_dynamic: bool,
    /// Every function, class, import, and every global or member variable.
    pub bindings: Vec<Binding>,
    /// The names of the module's top.
    pub globals: HashMap<Name, Vec<u32>>,
    /// Classes, nested ones too.
    pub classes: Vec<Class>,
    /// Star imports.
    pub stars: Vec<ImportRef>,
    /// `__all__`.
    pub listed: Listed,
    /// Exports of a script.
    pub exports: Vec<Export>,
    /// `module.exports` and its names, where they are plain; None for a script without it.
    pub required: Option<Vec<Name>>,
    /// Uses of names.
    pub uses: Vec<Use>,
    /// Assignments to attributes (`module.name = …`), each with its last attribute.
    pub stores: Vec<Use>,
    /// Names that the file asks for by `hasattr` or `getattr`.
    pub probed: HashSet<Name>,
    /// Last names of what gets attributes by computed names: `setattr(Name, …)`, `Name.__dict__`.
    pub opened: HashSet<Name>,
}

impl FileFacts {
    /// Whether the module may give its written names other meanings; one with a `__getattr__` only adds names.
    pub fn is_rewritten(&self) -> bool {
        self.is_dynamic && !self.globals.contains_key("__getattr__")
    }

    /// The bindings of a name at the module's top.
    pub fn global(&self, name: &str) -> &[u32] {
        self.globals.get(name).map_or(&[], Vec::as_slice)
    }
}
