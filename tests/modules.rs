//! No module of a crate may use itself by way of others. Modules and the names they use are read
//! from the source; a crate's own tests are left out.
//!
//! A use counts for the module that defines the item, whichever module re-exports it. A parent that
//! only re-exports its children's items doesn't use the children.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use corsai_tests::root;
use proc_macro2::{TokenStream, TokenTree};
use serde_json::Value;
use syn::{
    Attribute, Expr, ImplItemFn, Item, ItemMod, ItemUse, Lit, Macro, Meta, UseTree, Visibility,
    punctuated::Punctuated,
    visit::{self, Visit},
};

/// Paths that are shown of each arrow.
const SHOWN: usize = 4;

/// A module's path from the root of its crate, which is `crate`.
type ModulePath = String;

/// The segments of a path in the source.
type Segments = Vec<String>;

#[derive(Debug)]
struct Import {
    /// The name in scope; `None` of a glob.
    name: Option<String>,
    path: Segments,
    /// Visible from outside the module.
    exported: bool,
}

#[derive(Debug, Default)]
struct Module {
    /// The module whose file this one is in.
    file: ModulePath,
    /// Names of functions, types, constants and macros.
    items: BTreeSet<String>,
    children: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths in code.
    paths: BTreeSet<Segments>,
}

/// The modules of one crate.
#[derive(Debug, Default)]
struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

/// For each module the modules it uses, and by which paths.
type Arrows = BTreeMap<ModulePath, BTreeMap<ModulePath, BTreeSet<String>>>;

impl Crate {
    /// Reads the modules below a crate's root file; `read` returns a file's text, if it exists.
    fn read(file: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Self {
        let text = read(file).unwrap_or_else(|| panic!("{} can't be read", file.display()));
        let folder = file.parent().unwrap().to_path_buf();
        let mut reader = Reader { found: Self::default(), module: "crate".into(), folder, read };
        reader.file(&text, file);
        reader.found
    }

    fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (name, module) in &self.modules {
            let mut add = |to: &ModulePath, path: &Segments| {
                let to = &self.modules[to].file;
                if *to != module.file {
                    let uses = arrows.entry(module.file.clone()).or_default().entry(to.clone()).or_default();
                    uses.insert(path.join("::"));
                }
            };
            for import in &module.imports {
                let Some(to) = self.resolve(name, &import.path, &mut BTreeSet::new()) else { continue };
                let of_child = to.starts_with(&format!("{name}::"));
                let of_nothing = import.name.is_none() && self.modules[&to].items.is_empty();
                if !(of_nothing || import.exported && of_child) {
                    add(&to, &import.path);
                }
            }
            for path in &module.paths {
                // A single name in code is a variable, a function or a type, and never a module.
                let module_only = |name: &String| module.children.contains(name) && !module.items.contains(name);
                if !matches!(path.as_slice(), [only] if module_only(only))
                    && let Some(to) = self.resolve(name, path, &mut BTreeSet::new())
                {
                    add(&to, path);
                }
            }
        }
        arrows
    }

    /// Returns the module that defines what a path in `module` names, or that the path names
    /// itself.
    fn resolve(
        &self,
        module: &str,
        path: &[String],
        seen: &mut BTreeSet<(ModulePath, Segments)>,
    ) -> Option<ModulePath> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.below("crate", rest, seen),
            "self" => self.below(module, rest, seen),
            "super" => self.below(module.rsplit_once("::")?.0, rest, seen),
            _ => self.below(module, path, seen),
        }
    }

    fn below(&self, module: &str, path: &[String], seen: &mut BTreeSet<(ModulePath, Segments)>) -> Option<ModulePath> {
        let here = self.modules.get(module)?;
        if !seen.insert((module.into(), path.to_vec())) {
            return None;
        }
        let Some((first, rest)) = path.split_first() else { return Some(module.into()) };
        if first == "super" {
            return self.resolve(module, path, seen);
        }
        if here.items.contains(first) && (rest.is_empty() || !here.children.contains(first)) {
            return Some(module.into());
        }
        if here.children.contains(first) {
            return self.below(&format!("{module}::{first}"), rest, seen);
        }
        // An import whose path begins with its own name is of another crate.
        let named = |import: &&Import| import.name.as_ref() == Some(first) && import.path.first() != Some(first);
        if let Some(import) = here.imports.iter().find(named) {
            return self.resolve(module, &[&import.path, rest].concat(), seen);
        }
        here.imports.iter().filter(|import| import.name.is_none()).find_map(|glob| {
            let from = self.resolve(module, &glob.path, seen)?;
            if from == module { None } else { self.below(&from, path, seen) }
        })
    }
}

/// Reads one file after the other.
struct Reader<'a> {
    found: Crate,
    /// The module that is being read.
    module: ModulePath,
    /// Where files of its children are.
    folder: PathBuf,
    read: &'a dyn Fn(&Path) -> Option<String>,
}

impl Reader<'_> {
    fn file(&mut self, text: &str, file: &Path) {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let module = self.module.clone();
        self.here().file = module;
        self.visit_file(&parsed);
    }

    fn here(&mut self) -> &mut Module {
        self.found.modules.entry(self.module.clone()).or_default()
    }

    fn import(&mut self, tree: &UseTree, path: &[String], exported: bool) {
        let mut add = |name: Option<String>, path: Segments| {
            self.here().imports.push(Import { name, path, exported });
        };
        match tree {
            UseTree::Path(inner) => {
                self.import(&inner.tree, &[path, &[inner.ident.to_string()]].concat(), exported);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, path, exported)),
            UseTree::Glob(_) => add(None, path.to_vec()),
            UseTree::Name(name) if name.ident == "self" => add(path.last().cloned(), path.to_vec()),
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                add(Some(name.clone()), [path, &[name]].concat());
            }
            UseTree::Rename(rename) => {
                let own = (rename.ident != "self").then(|| rename.ident.to_string());
                add(Some(rename.rename.to_string()), path.iter().cloned().chain(own).collect());
            }
        }
    }

    /// Paths in a macro's or an attribute's tokens: those of several names, and single ones that
    /// are types or are called.
    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let is =
            |at: usize, mark: char| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == mark);
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            let begin = at;
            at += 1;
            match tree {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) if begin == 0 || !is(begin - 1, '.') || (begin > 1 && is(begin - 2, '.')) => {
                    let mut path = vec![first.to_string()];
                    while is(at, ':')
                        && is(at + 1, ':')
                        && let Some(TokenTree::Ident(next)) = trees.get(at + 2)
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    let called = matches!(trees.get(at), Some(TokenTree::Group(_))) || is(at, '!');
                    if path.len() > 1 || called || path[0].starts_with(char::is_uppercase) {
                        self.here().paths.insert(path);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Returns whether code is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let conditions = list.parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated).unwrap();
            conditions.iter().any(|condition| match condition {
                Meta::Path(path) => path.is_ident("test"),
                Meta::List(all) if all.path.is_ident("all") => all
                    .parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated)
                    .is_ok_and(|parts| parts.iter().any(|part| part.path().is_ident("test"))),
                _ => false,
            })
        }
        _ => false,
    })
}

/// Returns an item's attributes and its name, if it has one that a path can begin with.
fn described(item: &Item) -> (&[Attribute], Option<String>) {
    match item {
        Item::Const(item) => (&item.attrs, Some(item.ident.to_string())),
        Item::Enum(item) => (&item.attrs, Some(item.ident.to_string())),
        Item::Fn(item) => (&item.attrs, Some(item.sig.ident.to_string())),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref().map(ToString::to_string)),
        Item::Static(item) => (&item.attrs, Some(item.ident.to_string())),
        Item::Struct(item) => (&item.attrs, Some(item.ident.to_string())),
        Item::Trait(item) => (&item.attrs, Some(item.ident.to_string())),
        Item::Type(item) => (&item.attrs, Some(item.ident.to_string())),
        Item::Union(item) => (&item.attrs, Some(item.ident.to_string())),
        Item::ForeignMod(item) => (&item.attrs, None),
        Item::Impl(item) => (&item.attrs, None),
        Item::Mod(item) => (&item.attrs, None),
        Item::Use(item) => (&item.attrs, None),
        _ => (&[], None),
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = described(item);
        if is_test(attributes) {
            return;
        }
        self.here().items.extend(name);
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = item.ident.to_string();
        self.here().children.insert(name.clone());
        let (module, folder) = (self.module.clone(), self.folder.clone());
        let own_file = self.here().file.clone();
        self.module = format!("{module}::{name}");
        if let Some((_, items)) = &item.content {
            self.folder = folder.join(&name);
            self.here().file = own_file;
            for item in items {
                self.visit_item(item);
            }
        } else {
            let named = item.attrs.iter().find_map(|attribute| match &attribute.meta {
                Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                    Expr::Lit(literal) => match &literal.lit {
                        Lit::Str(text) => Some(text.value()),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            });
            // A path in an attribute begins at the folder of the file that has it: that of its own
            // children for a root or a `mod.rs`, else the one above.
            let candidates = match named {
                Some(path) => vec![folder.join(&path), folder.parent().unwrap().join(path)],
                None => vec![folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")],
            };
            let found = candidates.iter().find_map(|file| Some((file, (self.read)(file)?)));
            let (file, text) = found.unwrap_or_else(|| panic!("the module {module}::{name} has no file"));
            self.folder = folder.join(&name);
            self.file(&text, file);
        }
        (self.module, self.folder) = (module, folder);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_none() {
            self.here().paths.insert(segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_macro(&mut self, invoked: &'ast Macro) {
        self.visit_path(&invoked.path);
        self.tokens(invoked.tokens.clone());
    }
}

/// Returns each largest set of modules that all use one another, directly or through others.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<&str>> {
    let reached = |from: &str| {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![from];
        while let Some(module) = waiting.pop() {
            for next in arrows.get(module).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(next.as_str()) {
                    waiting.push(next);
                }
            }
        }
        reached
    };
    let all: BTreeMap<&str, BTreeSet<&str>> = arrows.keys().map(|module| (module.as_str(), reached(module))).collect();
    let circle = |module: &&str| -> BTreeSet<&str> {
        let both = |other: &&str| all.get(other).is_some_and(|reached| reached.contains(module));
        all[module].iter().copied().filter(both).collect()
    };
    let found: BTreeSet<BTreeSet<&str>> = all.keys().map(circle).filter(|circle| circle.len() > 1).collect();
    found.into_iter().collect()
}

/// Returns the arrows within the circles of a crate, a line each.
fn told(arrows: &Arrows) -> String {
    let mut text = String::new();
    for circle in circles(arrows) {
        writeln!(text, "  {} modules use one another:", circle.len()).unwrap();
        for (from, uses) in arrows.iter().filter(|(from, _)| circle.contains(from.as_str())) {
            for (to, paths) in uses.iter().filter(|(to, _)| circle.contains(to.as_str())) {
                let paths: Vec<&str> = paths.iter().map(String::as_str).take(SHOWN).collect();
                writeln!(text, "    {from} → {to} by {}", paths.join(", ")).unwrap();
            }
        }
    }
    text
}

/// Returns the root files of all libraries and programs of the workspace, with their crate's name.
fn roots() -> Vec<(String, PathBuf)> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--no-deps", "--locked", "--offline", "--format-version", "1"])
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for target in package["targets"].as_array().unwrap() {
            let kinds = target["kind"].as_array().unwrap();
            if kinds.iter().any(|kind| ["lib", "bin", "cdylib", "rlib", "proc-macro"].contains(&kind.as_str().unwrap()))
            {
                let name = package["name"].as_str().unwrap().to_owned();
                found.push((name, PathBuf::from(target["src_path"].as_str().unwrap())));
            }
        }
    }
    found
}

#[test]
fn modules_of_a_crate_know_each_other_in_one_direction_only() {
    let roots = roots();
    assert!(roots.len() > 10);
    let mut found = String::new();
    for (name, file) in &roots {
        let circles = told(&Crate::read(file, &|file| fs::read_to_string(file).ok()).arrows());
        if !circles.is_empty() {
            writeln!(found, "{name}\n{circles}").unwrap();
        }
    }
    assert!(found.is_empty(), "modules use themselves by way of others:\n{found}");
}

/// Reads a crate from files in memory; the first one is the root.
fn made(files: &[(&str, &str)]) -> Arrows {
    let read = |path: &Path| {
        let found = files.iter().find(|(name, _)| Path::new("src").join(name) == path);
        found.map(|(_, text)| (*text).to_owned())
    };
    Crate::read(&Path::new("src").join(files[0].0), &read).arrows()
}

#[test]
fn a_circle_is_found_through_re_exports_macros_and_parents() {
    let siblings = made(&[
        ("lib.rs", "mod a; mod b; mod c; pub use a::A;"),
        ("a.rs", "pub struct A; pub fn f() { println!(\"{}\", super::b::g()); }"),
        ("b.rs", "use crate::c; pub fn g() -> u8 { c::h() }"),
        ("c.rs", "pub fn h() -> u8 { let crate::A = todo(); 0 }"),
    ]);
    let circle: Vec<_> = circles(&siblings);
    assert_eq!(circle, [BTreeSet::from(["crate::a", "crate::b", "crate::c"])]);
    assert!(told(&siblings).contains("crate::c → crate::a by crate::A"));

    let parent = made(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod child; const LIMIT: u8 = 1; pub fn f() { child::g() }"),
        ("a/child.rs", "pub fn g() { let _ = super::LIMIT; }"),
    ]);
    assert_eq!(circles(&parent), [BTreeSet::from(["crate::a", "crate::a::child"])]);

    let used = made(&[
        ("lib.rs", "mod a; pub use a::A; pub fn f(_: A) {} pub const LIMIT: u8 = 1;"),
        ("a.rs", "use crate::*; pub struct A([u8; LIMIT]);"),
    ]);
    assert_eq!(circles(&used), [BTreeSet::from(["crate", "crate::a"])]);
}

#[test]
fn one_way_uses_re_exports_and_tests_are_no_circle() {
    let arrows = made(&[
        ("lib.rs", "mod a; mod b; pub use a::{A, child::C}; pub const LIMIT: u8 = 1;"),
        ("a.rs", "pub mod child; pub struct A(pub u8); #[cfg(test)] mod tests { use crate::b::g; }"),
        ("a/child.rs", "use super::A; pub struct C(A); pub fn limit() -> u8 { crate::LIMIT }"),
        (
            "b.rs",
            "mod inner { pub(super) fn h() {} } use crate::{A, C as Other}; pub fn g(_: Other) -> A { inner::h() }",
        ),
    ]);
    assert_eq!(told(&arrows), "");
    let to: Vec<&String> = arrows["crate::b"].keys().collect();
    assert_eq!(to, ["crate::a", "crate::a::child"]);
}
