// Package backup writes everything that Parley needs to continue on another machine into one file, checks such
// files, and restores them.
//
// A backup is a zip archive, so that any machine can look into it:
//
//	README.txt      what this file is, for people who find it
//	database.dump   pg_dump's custom format, of one snapshot; blobs are rows in it
//	manifest.json   what the backup holds: versions, time, rows per table, checksum of the dump
//	key.json        the master key, sealed with a passphrase; missing with --without-key
//
// It is written from the first byte to the last, so that it can be written to a pipe. key.json is bound to
// manifest.json, and manifest.json has the SHA-256 of the dump. So if the passphrase opens the key, nothing
// was altered.
//
// What does not belong here: where the database and its key come from (app), commands and
// their words for a terminal (cmd/parley), what must not be sent again (store, bridge).
package backup
