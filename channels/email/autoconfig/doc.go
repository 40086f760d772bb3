// Package autoconfig finds out by which servers a mailbox is read and answered, from its address alone: by a table of
// well-known providers, and by what the address's domain publishes for mail programs.
//
// What does not belong here: whether the servers let anybody in (package email's Check).
package autoconfig
