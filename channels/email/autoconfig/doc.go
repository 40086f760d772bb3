// Package autoconfig finds the IMAP and SMTP servers of a mailbox from its address alone: in a table of well-known
// providers, and in what the domain of the address publishes for mail programs.
//
// What does not belong here: whether the login succeeds (package email, Channel.Check).
package autoconfig
