//! What a file keeps when another takes its place: owner, mode, access control
//! list and other extended attributes.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr, listxattr};
use rustix::io::Errno;

/// POSIX access control lists: without them a mode means something else.
const ACCESS_LIST: &[u8] = b"system.posix_acl_access";

/// Gives `new` the owner, mode and extended attributes of the file at `path`.
///
/// # Errors
/// Where the owner, the mode or the access control list cannot be given. Other
/// attributes are taken over where that is allowed.
pub(crate) fn keep(new: &File, path: &Path, existing: &fs::Metadata) -> io::Result<()> {
    let ours = new.metadata()?;
    if (ours.uid(), ours.gid()) != (existing.uid(), existing.gid()) {
        fchown(new, Some(existing.uid()), Some(existing.gid()))?;
    }
    // After the owner, whose change takes special bits away.
    new.set_permissions(Permissions::from_mode(existing.mode() & 0o7777))?;
    keep_extended(new, path)
}

fn keep_extended(new: &File, path: &Path) -> io::Result<()> {
    // Most files have none: then nothing is opened.
    let mut probe = [0_u8; 0];
    if matches!(listxattr(path, &mut probe), Ok(0) | Err(_)) {
        return Ok(());
    }
    let old = File::open(path)?;
    let mut names = vec![0; 4096];
    let Ok(length) = flistxattr(&old, &mut names) else {
        return Ok(());
    };
    for name in names[..length].split(|b| *b == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 65536];
        let copied = fgetxattr(&old, name, &mut value)
            .and_then(|length| fsetxattr(new, name, &value[..length], XattrFlags::empty()));
        match copied {
            Err(error) if name == ACCESS_LIST && error != Errno::NODATA => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
