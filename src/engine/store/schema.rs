//! The database's shape over time. A step adds tables; it never drops what cannot be fetched again.

use super::Table;

/// The present version of the shape.
pub const SCHEMA_VERSION: u32 = 3;

/// The version in which a table came.
fn introduced_in(table: Table) -> u32 {
    match table {
        Table::Meta
        | Table::Credentials
        | Table::Roster
        | Table::Requests
        | Table::Chats
        | Table::Messages
        | Table::MessageIds
        | Table::Outbox
        | Table::Avatars
        | Table::People
        | Table::Caps
        | Table::Presence => 1,
        Table::Search | Table::Unindexed => 2,
        Table::Waiting => 3,
    }
}

/// The tables to create in a database of version `version` (0: a new one).
pub fn tables_added_since(version: u32) -> impl Iterator<Item = Table> {
    Table::ALL.into_iter().filter(move |table| introduced_in(*table) > version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_gets_every_table_and_a_current_one_none() {
        assert_eq!(tables_added_since(0).count(), Table::ALL.len());
        assert_eq!(tables_added_since(SCHEMA_VERSION).count(), 0);
    }

    #[test]
    fn an_older_database_gets_what_it_lacks() {
        assert!(tables_added_since(1).eq([Table::Search, Table::Unindexed, Table::Waiting]));
        assert!(tables_added_since(2).eq([Table::Waiting]));
    }

    #[test]
    fn no_table_comes_after_the_present_version() {
        assert!(Table::ALL.into_iter().all(|table| introduced_in(table) <= SCHEMA_VERSION));
    }
}
