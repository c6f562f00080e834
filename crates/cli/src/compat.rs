//! cfssl's order of steps where it is not the natural one.
//!
//! cfssl generates and logs a key before it opens the files of the CA that is to sign. Here
//! everything is read first, and errors are held back until the point at which cfssl
//! reports them.

use rcfssl_ca::{CaError, Issuer};
use rcfssl_core::{Code, Error, Result};

use crate::args::FlagId;
use crate::ca_files;
use crate::context::Context;
use crate::log::Level;

/// Reads the CA that `-ca` and `-ca-key` name, and reports errors in cfssl's order.
///
/// # Errors
/// 2000 without `-ca-key`, which is possible only with a configuration; without a number
/// for a certificate that cannot be opened, 1001 for such a key; otherwise what is wrong
/// with either.
pub fn issuer(context: &Context) -> Result<Issuer> {
    let args = &context.args;
    if !args.is_set(FlagId::CaKey) {
        return Err(Code::KeyUnknown.into());
    }
    for (what, flag) in [("certificate", FlagId::Ca), ("key", FlagId::CaKey)] {
        let file = args.path(flag).to_string_lossy();
        context
            .log
            .line(Level::Debug, format_args!("reading the CA's {what} from {file}"));
    }
    ca_files::read(context).map_err(|error| match error {
        CaError::CertificateFile(error) | CaError::Certificate(error) | CaError::Key(error) => error,
        CaError::KeyFile(error) => Error::wrap(Code::CertificateRead, error),
    })
}
