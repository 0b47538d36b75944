//! An attribute for tests that need real data, which no repository may hold.

use proc_macro::TokenStream;

#[path = "../place.rs"]
mod place;

/// See `corsai_tests::needs_data`.
///
/// # Panics
/// At compile time, without the name of a file or folder of the data.
#[proc_macro_attribute]
pub fn needs_data(name: TokenStream, test: TokenStream) -> TokenStream {
    let literal = name.to_string();
    let name = literal.strip_prefix('"').and_then(|name| name.strip_suffix('"')).expect("a name in quotes");
    // Compiled anew where the variable says something else.
    let mut tokens = String::from("const _: ::core::option::Option<&str> = ::core::option_env!(\"CORSAI_DATA\");");
    let required = std::env::var_os("CORSAI_DATA").is_some_and(|value| value == place::REQUIRED);
    if !required && !place::place().join(name).exists() {
        tokens += &format!("#[ignore = \"the real data have no {name} here\"]");
    }
    let mut all: TokenStream = tokens.parse().expect("invariant: an item and an attribute");
    all.extend(test);
    all
}
