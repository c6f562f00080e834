//! `print-defaults`: example documents, byte for byte cfssl's.

use rcfssl_core::Error;

use crate::context::{Context, Outcome};
use crate::output;

const CONFIG: &str = include_str!("defaults/config.json");
const CSR: &str = include_str!("defaults/csr.json");
const LIST: &str = "Default configurations are available for:\n\tconfig\n\tcsr\n";

/// Prints a document, or for an unknown type the list of types.
pub fn run(context: &Context) -> Outcome {
    let Some(kind) = context.args.positional().first() else {
        context.hint("the types are config, csr and list");
        return Err(Error::plain("print-defaults needs the type of document to print").into());
    };
    let text = match kind.to_str() {
        Some("config") => CONFIG,
        Some("csr") => CSR,
        _ => LIST,
    };
    output::stdout(text.as_bytes())?;
    Ok(())
}
