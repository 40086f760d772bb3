// Package erase removes everything about a contact from the database, and exports it. One table, places, says where
// that may be: from it the dry run counts, the erasure removes and the export reads. A test compares it with the
// schema, so that no new column is forgotten.
//
// An erasure is a row of erasures. It runs in batches, a short transaction each, which count what they removed
// in the same commit: so it can end at any moment, and Run goes on where it stopped. The contact's rows that
// others need (conversations with their times, who answered when) stay, without anything of the contact.
// Of the contact itself only keyed hashes are left, so that facts about it are not stored a second time.
//
// What does not belong here: where certificates and the list of erasures are kept outside of the database.
package erase
