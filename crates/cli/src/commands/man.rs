//! `man`: the manual pages, into a folder.

use std::path::Path;

use rcfssl_core::Error;

use crate::args::man;
use crate::context::{Context, Outcome};

/// Writes the pages.
pub fn run(context: &Context) -> Outcome {
    let Some(folder) = context.args.positional().first() else {
        return Err(Error::plain("man needs a folder to write the pages into").into());
    };
    for page in man::pages() {
        let path = Path::new(folder).join(&page.file);
        rcfssl_files::write(&path, page.text.as_bytes(), 0o644)
            .map_err(|error| Error::plain(error.about(&path.to_string_lossy())))?;
    }
    Ok(())
}
