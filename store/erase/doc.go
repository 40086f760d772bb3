// Package erase removes all that stands of a contact in the database, and exports it. Where that may be says
// one table, places, from which the dry run counts, the erasure removes and the export reads; a test compares
// it with the schema, so that no new column is forgotten.
//
// An erasure is a row of erasures. It runs in batches, a short transaction each, which count what they removed
// in the same commit: so it can end at any moment, and Run goes on where it stopped. The contact's rows that
// others need (conversations with their times, who answered when) stay, without anything of the contact.
// What is left of who it was is keyed hashes, by which nothing of it is taken in a second time.
//
// What does not belong here: where certificates and the list of erasures are kept outside of the database.
package erase
