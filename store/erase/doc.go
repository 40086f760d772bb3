// Package erase removes everything about a contact, that is, a customer, from the database, and exports it. The table
// places lists where such data may be. The dry run counts what is in these places, the erasure removes it, and the export
// reads it. A test compares the table with the schema, so that no new column is forgotten.
//
// An erasure is a row of the table erasures. It runs in batches, each of which is a short transaction that also counts the
// removed rows. So an erasure may be interrupted at any moment, and Run continues where it stopped. Rows that others need,
// such as a conversation with its times, stay, but without anything about the contact. Only keyed hashes of the contact's
// addresses and messages are left, so that a mail that is delivered again isn't stored a second time.
//
// What does not belong here: where certificates and the list of erasures are kept outside of the database.
package erase
