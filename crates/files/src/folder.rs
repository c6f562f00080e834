//! Folders held open by a file descriptor, and files in them by name.
//!
//! A folder may belong to a user other than the one who renews certificates in it, such as
//! a service's folder when root renews. Between two system calls that user can replace any
//! file or folder. Therefore nothing is opened, renamed or removed by its path: a path is
//! walked once, and after that only descriptors and names are used. Symbolic links are
//! followed only if no other user can have created them.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, StatxFlags, fstat, linkat, open, openat,
    openat2, readlinkat, renameat, statat, statx, unlinkat,
};
use rustix::io::Errno;

/// The maximum nesting of symbolic links, as on Linux.
pub(crate) const MAX_LINKS: usize = 40;

/// Flags for opening a file of unknown type: do not block on a pipe, do not acquire a
/// terminal, do not follow a link.
const CAREFULLY: OFlags = OFlags::NONBLOCK
    .union(OFlags::NOCTTY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A folder, held open.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
    id: (u64, u64),
    others_may_write: bool,
    is_sticky: bool,
}

/// A name in a folder: the place of an existing or future file.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub folder: Arc<Folder>,
    pub name: OsString,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// If it does not exist, or if there is a link in the path that another user can have
    /// created.
    pub fn open(path: &Path) -> io::Result<Arc<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // Without links no checks are needed. Kernels before 5.6 and some sandboxes do not
        // have this call.
        let direct = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS);
        if let Ok(fd) = direct {
            return Self::of(fd, without_dots(&std::path::absolute(path)?));
        }
        let walked = Walk::folder(path)?;
        let fd = openat(&walked.fd, ".", flags, Mode::empty())?;
        Self::of(fd, walked.path)
    }

    fn of(fd: OwnedFd, path: PathBuf) -> io::Result<Arc<Self>> {
        let stat = fstat(&fd)?;
        let others_may_write = others_may_write(&fd, &stat);
        Ok(Arc::new(Folder {
            fd,
            path,
            id: (stat.st_dev, stat.st_ino),
            others_may_write,
            is_sticky: is_trusted(stat.st_uid) && stat.st_mode & 0o1000 != 0,
        }))
    }

    /// Its path, without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Device and inode.
    pub fn id(&self) -> (u64, u64) {
        self.id
    }

    /// Whether users other than ourselves and root can write to it.
    pub(crate) fn others_may_write(&self) -> bool {
        self.others_may_write
    }

    /// Whether users other than ourselves and root can replace a file in it that belongs to
    /// one of us. In a folder like /tmp they can only add files.
    pub(crate) fn others_may_replace(&self) -> bool {
        self.others_may_write && !self.is_sticky
    }

    /// What exists under a name, if anything; links are not followed.
    pub(crate) fn stat(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens an existing regular file.
    ///
    /// # Errors
    /// Also for a link, a folder, a pipe or a device.
    pub(crate) fn open_file(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let fd = openat(&self.fd, name, flags | CAREFULLY, Mode::empty()).map_err(|error| match error {
            Errno::LOOP => not_regular("a symbolic link"),
            // A pipe without a reader, or a socket.
            Errno::NXIO => not_regular("not a regular file"),
            error => error.into(),
        })?;
        check_regular(&fd)?;
        Ok(fd.into())
    }

    /// Creates a new file.
    ///
    /// # Errors
    /// `AlreadyExists` if anything has that name.
    pub(crate) fn create(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | CAREFULLY;
        Ok(openat(&self.fd, name, flags, Mode::from_raw_mode(mode))?.into())
    }

    /// Renames an entry of the folder.
    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Creates a hard link to a file, possibly in another folder.
    pub(crate) fn link(&self, name: &OsStr, folder: &Folder, second: &OsStr) -> io::Result<()> {
        Ok(linkat(&self.fd, name, &folder.fd, second, AtFlags::empty())?)
    }

    /// Removes an entry that is not a folder.
    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// The names in it, and whether each is a symbolic link.
    pub(crate) fn names(&self) -> io::Result<Vec<(OsString, bool)>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = OsString::from_vec(entry.file_name().to_bytes().to_vec());
            if name == "." || name == ".." {
                continue;
            }
            let is_link = match entry.file_type() {
                FileType::Unknown => self
                    .stat(&name)?
                    .is_some_and(|stat| kind(&stat) == FileType::Symlink),
                kind => kind == FileType::Symlink,
            };
            names.push((name, is_link));
        }
        Ok(names)
    }

    /// Flushes its entries to disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    /// Flushes the file system that contains it.
    pub(crate) fn sync_all(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.fd)?)
    }

    /// Whether a file in it is a mount point. Kernels before 5.8 do not report that.
    pub(crate) fn is_mounted(&self, name: &OsStr) -> bool {
        let mount = |name: &OsStr, flags| {
            let found = statx(&self.fd, name, flags, StatxFlags::MNT_ID).ok()?;
            (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
        };
        mount(name, AtFlags::SYMLINK_NOFOLLOW) != mount(OsStr::new(""), AtFlags::EMPTY_PATH)
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Place {
    /// The place to which a path leads after following all links.
    ///
    /// # Errors
    /// As [`Folder::open`]; the file need not exist.
    pub fn behind(path: &Path) -> io::Result<Self> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let place = Place::at(&path)?;
            let Some(link) = read_link(place.folder.as_fd(), &place.name, &place.folder.path)? else {
                return Ok(place);
            };
            path = place.folder.path.join(link);
        }
        Err(Errno::LOOP.into())
    }

    /// The place of a path itself, which may be a link.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn at(path: &Path) -> io::Result<Self> {
        let Some(name) = path.file_name() else {
            return Err(Errno::ISDIR.into());
        };
        Ok(Place {
            folder: Folder::open(crate::folder_of(path))?,
            name: name.to_owned(),
        })
    }

    /// Its path, without symbolic links.
    pub fn path(&self) -> PathBuf {
        self.folder.path.join(&self.name)
    }
}

/// A path that is resolved step by step, opening each folder relative to its parent's
/// descriptor.
struct Walk {
    fd: OwnedFd,
    path: PathBuf,
}

impl Walk {
    /// Resolves the path of a folder.
    fn folder(path: &Path) -> io::Result<Self> {
        let mut walk = match path.is_absolute() {
            true => Walk::from_root()?,
            false => Walk {
                fd: open(".", STEP, Mode::empty())?,
                path: std::env::current_dir()?,
            },
        };
        let mut steps: VecDeque<Step> = Step::all(path).collect();
        let mut links = 0;
        while let Some(step) = steps.pop_front() {
            let name = match step {
                Step::Root => {
                    walk = Walk::from_root()?;
                    continue;
                }
                Step::Up => {
                    walk.fd = openat(&walk.fd, "..", STEP, Mode::empty())?;
                    walk.path.pop();
                    continue;
                }
                Step::Into(name) => name,
            };
            match openat(&walk.fd, &name, STEP, Mode::empty()) {
                Ok(fd) => {
                    walk.fd = fd;
                    walk.path.push(name);
                }
                Err(error @ (Errno::NOTDIR | Errno::LOOP)) => {
                    let link = read_link(walk.fd.as_fd(), &name, &walk.path)?.ok_or(error)?;
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Errno::LOOP.into());
                    }
                    for step in Step::all(&link).collect::<Vec<_>>().into_iter().rev() {
                        steps.push_front(step);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(walk)
    }

    fn from_root() -> io::Result<Self> {
        Ok(Walk {
            fd: open("/", STEP, Mode::empty())?,
            path: PathBuf::from("/"),
        })
    }
}

/// How an intermediate folder is opened: only to traverse it, which requires no other
/// permission than any path does.
const STEP: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

enum Step {
    Root,
    Up,
    Into(OsString),
}

impl Step {
    fn all(path: &Path) -> impl Iterator<Item = Self> {
        path.components().filter_map(|component| match component {
            Component::RootDir => Some(Step::Root),
            Component::ParentDir => Some(Step::Up),
            Component::Normal(name) => Some(Step::Into(name.to_owned())),
            Component::CurDir | Component::Prefix(_) => None,
        })
    }
}

/// The target of a symbolic link; `None` if it is not a link.
///
/// # Errors
/// For a link that another user can have created.
fn read_link(folder: BorrowedFd<'_>, name: &OsStr, shown: &Path) -> io::Result<Option<PathBuf>> {
    // The link itself is opened, so that the link that is checked is the one that is read.
    let link = match openat(
        folder,
        name,
        OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    ) {
        Ok(link) => link,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let stat = fstat(&link)?;
    if kind(&stat) != FileType::Symlink {
        return Ok(None);
    }
    let refused = |why: String| {
        let link = shown.join(name);
        let text = format!("the link {} is not followed: {why}", link.to_string_lossy());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
    };
    if !is_trusted(stat.st_uid) {
        return refused(format!("it belongs to user {}", stat.st_uid));
    }
    if others_may_write(folder, &fstat(folder)?) {
        return refused("other users may write to its folder".to_owned());
    }
    let target = readlinkat(&link, "", Vec::new())?;
    Ok(Some(PathBuf::from(OsString::from_vec(target.into_bytes()))))
}

/// Ourselves, or root, who can do anything anyway.
pub(crate) fn is_trusted(user: u32) -> bool {
    user == 0 || user == rustix::process::geteuid().as_raw()
}

/// Whether users other than ourselves and root can write to a file or folder. Write
/// permission for our own group does not count: on many systems each user has a group, and
/// folders are group-writable.
pub(crate) fn others_may_write(file: impl AsFd, stat: &Stat) -> bool {
    others_may(file, stat, 0o2)
}

/// Whether users other than ourselves and root can read a file. Our own group does not
/// count.
pub(crate) fn others_may_read(file: impl AsFd, stat: &Stat) -> bool {
    others_may(file, stat, 0o4)
}

/// Whether one of them has this permission, or is the owner and can take it.
fn others_may(file: impl AsFd, stat: &Stat, permission: u32) -> bool {
    let by_group = stat.st_mode & (permission << 3) != 0;
    let own_group = stat.st_gid == 0 || stat.st_gid == rustix::process::getegid().as_raw();
    !is_trusted(stat.st_uid) || stat.st_mode & permission != 0 || (by_group && (!own_group || has_list(file)))
}

/// Whether a POSIX access control list names further users. The group's permissions are then
/// the most that any of them has (acl(5)).
fn has_list(file: impl AsFd) -> bool {
    // This works for descriptors with `O_PATH` too, of which fgetxattr(2) reads nothing.
    let path = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
    let read = rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0_u8; 1024]);
    matches!(read, Ok(1..) | Err(Errno::RANGE))
}

pub(crate) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

fn not_regular(what: &str) -> io::Error {
    io::Error::other(what)
}

pub(crate) fn check_regular(fd: impl AsFd) -> io::Result<()> {
    match kind(&fstat(fd)?) {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(Errno::ISDIR.into()),
        _ => Err(not_regular("not a regular file")),
    }
}

/// A path without symbolic links, and therefore also without `..`.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}
