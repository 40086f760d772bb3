// Package wire has what connections to a mailbox's servers share, whether they speak IMAP or SMTP: the limits of all
// mailboxes of a process together, the configuration of TLS, and words for people about connections that fail.
//
// What does not belong here: the protocols.
package wire
