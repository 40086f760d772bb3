// Package backup writes everything that Parley needs to go on elsewhere into one file,
// checks such files, and restores them.
//
// A backup is a zip archive, so that any machine can look into it:
//
//	README.txt      what this is, for who finds it
//	database.dump   pg_dump's custom format, of one snapshot; blobs are rows in it
//	manifest.json   what the backup holds: versions, time, rows per table, checksum of the dump
//	key.json        the master key, sealed with a passphrase; missing with --without-key
//
// It is written from the first byte to the last, so that it can go to a pipe. key.json is
// bound to manifest.json, and that to the dump by its SHA-256: whoever opens the key with
// the passphrase knows that nothing was altered.
//
// What does not belong here: where the database and its key come from (app), commands and
// their words for a terminal (cmd/parley), what must not be sent again (store, bridge).
package backup
