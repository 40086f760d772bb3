// Package operate does what commands and the site's pages offer to whoever runs Parley: backup, the doctor and other looks inside
// (inspect), import of customers, consent to mailboxes, who owns the database, and the people of channels. What a command's flags are
// is in cmd/parley; what a page looks like is in bot/web.
package operate
