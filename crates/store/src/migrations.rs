//! The schema's migrations, as they are in the repository's `migrations` folder.

use include_dir::{Dir, include_dir};
use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use crate::error::StoreError;

/// SQLite's migrations.
pub(crate) static SQLITE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../migrations/sqlite");
/// PostgreSQL's.
pub(crate) static POSTGRES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../migrations/postgres");

/// What runs a folder's migrations, in the order of their numbers.
///
/// # Errors
/// A file of it is not `NUMBER_NAME.sql`.
pub(crate) fn migrator(folder: &'static Dir<'static>) -> Result<Migrator, StoreError> {
    let migrations = folder.files().map(|file| {
        let name = file.path().to_str().unwrap_or_default();
        let text = file.contents_utf8();
        let parts = parse_name(name).zip(text);
        let ((version, description), text) = parts.ok_or_else(|| no_migration(name))?;
        let (kind, without_transaction) = (MigrationType::Simple, false);
        Ok(Migration::new(
            version,
            description.into(),
            kind,
            text.into_sql_str(),
            without_transaction,
        ))
    });
    let migrations = migrations.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Migrator::with_migrations(migrations))
}

fn no_migration(name: &str) -> StoreError {
    let error = format!("{name} is no migration: it must be NUMBER_NAME.sql");
    StoreError::Migration(MigrateError::Source(error.into()))
}

/// Number and description of `0001_initial.sql`.
fn parse_name(name: &str) -> Option<(i64, String)> {
    let (number, rest) = name.split_once('_')?;
    let description = rest.strip_suffix(".sql")?;
    Some((number.parse().ok()?, description.replace('_', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_migrations() {
        let names = |folder| {
            let migrator = migrator(folder).unwrap();
            let name = |it: &Migration| (it.version, it.description.to_string());
            migrator.iter().map(name).collect::<Vec<_>>()
        };
        let sqlite = names(&SQLITE);
        assert_eq!(sqlite[0], (1, "initial".to_owned()));
        assert_eq!(sqlite, names(&POSTGRES));
        assert!(sqlite.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
    }

    #[test]
    fn a_file_of_another_name_is_no_migration() {
        assert_eq!(parse_name("0001.sql"), None);
        assert_eq!(parse_name("x_initial.sql"), None);
        assert_eq!(parse_name("0001_initial.txt"), None);
    }
}
