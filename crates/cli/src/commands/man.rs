//! `man`: writes the manual pages to a folder.

use std::fs;
use std::path::Path;

use rcfssl_core::Error;
use rcfssl_go::os::describe;

use super::manual::pages;
use crate::args::FlagId;
use crate::context::{Context, Outcome};

/// Writes the pages.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let folder = match args.positional().first() {
        _ if args.is_set(FlagId::Dir) => args.path(FlagId::Dir),
        Some(folder) => folder,
        None => return Err(Error::plain("man needs the folder to write to: -dir FOLDER").into()),
    };
    let folder = Path::new(folder);
    fs::create_dir_all(folder)
        .map_err(|error| Error::plain(format!("mkdir {}: {}", folder.display(), describe(&error))))?;
    for page in pages::pages() {
        let path = folder.join(&page.file);
        rcfssl_files::write(&path, page.text.as_bytes(), 0o644)
            .map_err(|error| Error::plain(error.about(&path.to_string_lossy())))?;
    }
    Ok(())
}
