//! The certificates of a batch by the database that has their rows, so that each database is
//! written once for a batch.

use crate::Source;

/// For each database what is to be written, and the places of these in the batch.
pub struct ByDatabase<T>(pub Vec<(Source, Vec<T>, Vec<usize>)>);

impl<T> Default for ByDatabase<T> {
    fn default() -> Self {
        ByDatabase(Vec::new())
    }
}

impl<T> ByDatabase<T> {
    /// Adds what is to be written for the certificate at a place of the batch.
    pub fn add(&mut self, database: &Source, row: T, at: usize) {
        match self.0.iter_mut().find(|(known, ..)| known == database) {
            Some((_, rows, places)) => {
                rows.push(row);
                places.push(at);
            }
            None => self.0.push((database.clone(), vec![row], vec![at])),
        }
    }
}
