//! The attributes that a file inherits from the one it replaces: owner, mode, access
//! control list and other extended attributes.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use rustix::fs::{XattrFlags, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, fsetxattr};
use rustix::io::Errno;

/// POSIX access control lists; without them the mode has a different meaning.
const ACCESS_LIST: &[u8] = b"system.posix_acl_access";

/// Attributes that describe the old contents or grant rights based on them; they are not
/// copied.
const OF_CONTENTS: [&[u8]; 3] = [b"security.capability", b"security.evm", b"security.ima"];

/// Gives `new` the owner, permissions and extended attributes of `old`.
///
/// # Errors
/// If the owner, the mode or the access control list cannot be set. Other attributes are
/// copied where that is permitted.
pub(crate) fn keep(new: &File, old: &File) -> io::Result<()> {
    let (ours, existing) = (new.metadata()?, old.metadata()?);
    if (ours.uid(), ours.gid()) != (existing.uid(), existing.gid()) {
        fchown(new, Some(existing.uid()), Some(existing.gid()))?;
    }
    // Must follow the change of owner, which clears mode bits. Bits beyond the permissions
    // have no meaning for such files.
    new.set_permissions(Permissions::from_mode(existing.mode() & 0o777))?;
    keep_extended(new, old)
}

fn keep_extended(new: &File, old: &File) -> io::Result<()> {
    // Most files have none, and some file systems do not support them.
    let Ok(length @ 1..) = flistxattr_query(old) else {
        return Ok(());
    };
    let mut names = vec![0; length];
    let length = flistxattr(old, &mut names)?;
    let names = names[..length].split(|b| *b == 0);
    for name in names.filter(|name| !name.is_empty() && !OF_CONTENTS.contains(name)) {
        let copied = value(old, name).and_then(|value| fsetxattr(new, name, &value, XattrFlags::empty()));
        match copied {
            Err(error) if name == ACCESS_LIST && error != Errno::NODATA => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn value(file: &File, name: &[u8]) -> rustix::io::Result<Vec<u8>> {
    let mut value = vec![0; fgetxattr_query(file, name)?];
    if !value.is_empty() {
        let length = fgetxattr(file, name, &mut value)?;
        value.truncate(length);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::setxattr;

    use super::*;

    #[test]
    fn access_lists_and_other_attributes_are_copied() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("old");
        fs::write(&old, "").unwrap();
        // acl(5): version 2; user:rw-, user 1:r--, group:---, mask:r--, other:---.
        let entries = [
            (0x01, 6, u32::MAX),
            (0x02, 4, 1),
            (0x04, 0, u32::MAX),
            (0x10, 4, u32::MAX),
            (0x20, 0, u32::MAX),
        ];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, rights, id) in entries {
            list.extend_from_slice(&u16::to_le_bytes(tag));
            list.extend_from_slice(&u16::to_le_bytes(rights));
            list.extend_from_slice(&id.to_le_bytes());
        }
        let attributes = [
            (ACCESS_LIST, list.as_slice()),
            (b"user.note".as_slice(), b"x".as_slice()),
            (b"user.empty", b""),
        ];
        for (name, value) in attributes {
            if let Err(Errno::NOTSUP) = setxattr(&old, name, value, XattrFlags::empty()) {
                // A file system without them has nothing to lose.
                return;
            }
        }
        let new = File::create(folder.path().join("new")).unwrap();
        keep(&new, &File::open(&old).unwrap()).unwrap();
        for (name, expected) in attributes {
            assert_eq!(value(&new, name).unwrap(), expected);
        }
        assert_eq!(new.metadata().unwrap().mode() & 0o777, 0o640);
    }
}
