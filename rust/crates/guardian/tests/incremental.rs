//! A text that is edited has the findings of a new one.

use guardian::{Encoding, OpenText, RuleSet, TextChange, Watch, builtin};

const OWN: &str = r"
{id: kind-of-file, language: Python, rule: {kind: call, inside: {kind: module, has: {kind: import_statement}, stopBy: end}}}
---
{id: in-class, language: Python, rule: {kind: call, inside: {kind: class_definition, has: {field: name, regex: '^T'}, stopBy: end}}}
---
{id: second, language: Python, rule: {kind: function_definition, nthChild: {position: 2, ofRule: {kind: function_definition}}}}
---
{id: behind, language: Python, rule: {kind: expression_statement, follows: {kind: import_statement, stopBy: end}}}
";
const NEAR: &str = r"
{id: eq-none, language: Python, rule: {pattern: $A == None}, fix: $A is None, labels: {A: {style: primary, message: this}}}
---
{id: next, language: Python, rule: {kind: expression_statement, follows: {kind: import_statement}}}
---
{id: method, language: TypeScript, rule: {kind: method_definition, precedes: {kind: method_definition, has: {kind: statement_block}}}}
---
{id: call, language: TypeScript, rule: {kind: call_expression, inside: {kind: class_declaration, has: {field: name, regex: 'a'}, stopBy: end}}}
";
const PYTHON: [&str; 17] = [
    "from a import set, object\n",
    "def exit(set): pass\n",
    "exit()\nx = set([1, 2])\n",
    "class A(object):\n    pass\n",
    "    def assertEquals(self): pass\n",
    "x == None\n",
    "def f():\n    pass\n",
    "    y = g(1)\n",
    "\n",
    "class T:\n    def a(self):\n        print(1)\n    def a(self): return 2\n",
    "import os\n",
    "# x = f(1)\n",
    "else:\n    pass\n",
    "try:\n    f()\nexcept Exception:\n    pass\n",
    "@f\n",
    "'''a\nb'''\n",
    "a",
];
const SCRIPT: [&str; 10] = [
    "f(a);\n",
    "class aB { m() { f(); } m() { } }\n",
    "export function g(a: number) { return a == 1; }\n",
    "\n",
    "// const a = f(1);\n",
    "else { f() }\n",
    "console.log(`a`)\n",
    "/* a */",
    "(b)\n",
    "a",
];

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

fn edit(random: &mut Random, source: &str, pieces: &[&str]) -> TextChange {
    let lines: Vec<_> = source.split('\n').collect();
    let line = random.below(lines.len());
    let column = if random.below(3) > 0 {
        0
    } else {
        random.below(lines[line].len() + 1)
    };
    let end = if random.below(2) > 0 {
        (line, column)
    } else {
        ((line + random.below(4)).min(lines.len() - 1), random.below(20))
    };
    let text = match random.below(4) {
        0 => String::new(),
        1 => lines[line..(line + 6).min(lines.len())].join("\n") + "\n",
        _ => pieces[random.below(pieces.len())].to_owned(),
    };
    TextChange {
        range: Some(((line, column), end)),
        text,
    }
}

/// Edits at random; how many states without syntax errors were compared.
fn compare(set: &RuleSet, path: &str, source: &str, pieces: &[&str], seed: u64) -> usize {
    let mut random = Random(seed);
    let mut text = OpenText::new(path.to_owned(), source.to_owned(), Encoding::Utf16);
    text.lint(set, &Watch::default());
    let mut compared = 0;
    for _ in 0..12 {
        for _ in 0..=random.below(2) {
            let change = edit(&mut random, &text.source(), pieces);
            text.change(&[change]);
        }
        let again = text.lint(set, &Watch::default());
        let new = OpenText::new(path.to_owned(), text.source(), Encoding::Utf16).lint(set, &Watch::default());
        assert_eq!(again.reason, new.reason);
        if new
            .findings
            .iter()
            .any(|finding| &*finding.rule_id == "syntax-error")
        {
            // How the parser mends a broken text depends on what it knows of it.
            text = OpenText::new(path.to_owned(), source.to_owned(), Encoding::Utf16);
            text.lint(set, &Watch::default());
            continue;
        }
        assert_eq!(
            again.findings,
            new.findings,
            "seed {seed} of {path}:\n{}",
            text.source()
        );
        compared += 1;
    }
    compared
}

#[test]
fn edited_texts_have_the_findings_of_new_ones() {
    let own = |yaml: &str| {
        builtin()
            .unwrap()
            .merged(&RuleSet::from_yaml(&[("own", yaml)]).unwrap())
    };
    let function = "def f_{n}(a, b=[]):\n    for c in a:\n        if c == None:\n            print(c)\n    return a\n\n\n";
    let class = "class T_{n}(object):\n    def a(self):\n        assert (1, 2)\n    def b(self):\n        # ä\n        pass\n\n";
    let script = "export function f{n}(a: any) {\n  console.log(a);\n  return a == null;\n}\n";
    let members = "class a{n} {\n  m() { f(); }\n  n() { return 1; }\n}\nlet x{n} = 1;\n";
    let repeated = |parts: [&str; 2]| -> String {
        (0..12)
            .flat_map(|number| parts.map(|part| part.replace("{n}", &number.to_string())))
            .collect()
    };
    let (python, script) = (repeated([function, class]), repeated([script, members]));
    let method =
        |number| format!("    def test_{number}(self):\n        self.assertEquals(set([1]), {number})\n\n");
    let methods: String = (0..160).map(method).collect();
    let long = format!("{python}class T(TestCase):\n{methods}\n{python}{python}");
    let mut compared = 0;
    for set in [own(OWN), own(NEAR)] {
        for seed in 1..=5 {
            compared += compare(&set, "a.py", &python, &PYTHON, seed);
            compared += compare(&set, "test_a.py", &python, &PYTHON, seed + 1_000);
            if seed <= 2 {
                compared += compare(&set, "a.py", &long, &PYTHON, seed + 3_000);
            }
            compared += compare(&set, "a.ts", &script, &SCRIPT, seed + 2_000);
        }
    }
    assert!(compared > 80, "{compared}");
}
