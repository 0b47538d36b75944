//! An attribute for tests that need real data, which the repository must not hold.

use proc_macro::TokenStream;

#[path = "../data_folder.rs"]
mod data_folder;

/// Ignores a test without a file or folder of the real data; see `corsai_tests::needs_data`.
///
/// # Panics
/// At compile time, without the quoted name of a file or folder.
#[proc_macro_attribute]
pub fn needs_data(name: TokenStream, test: TokenStream) -> TokenStream {
    let literal = name.to_string();
    let name = literal.strip_prefix('"').and_then(|name| name.strip_suffix('"')).expect("a name in quotes");
    // A change of the variable compiles the test anew.
    let mut tokens = String::from("const _: ::core::option::Option<&str> = ::core::option_env!(\"CORSAI_DATA\");");
    let required = std::env::var_os("CORSAI_DATA").is_some_and(|value| value == data_folder::REQUIRED);
    if !required && !data_folder::data_folder().join(name).exists() {
        tokens += &format!("#[ignore = \"the real data have no {name} here\"]");
    }
    let mut all: TokenStream = tokens.parse().expect("invariant: an item and an attribute");
    all.extend(test);
    all
}
