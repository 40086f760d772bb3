// Package wire contains what IMAP and SMTP connections to a mailbox's servers share: limits for all mailboxes of a
// process together, the TLS configuration, sign-in with access tokens, and descriptions of connection errors.
package wire
