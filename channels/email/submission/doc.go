// Package submission sends mails through the mailbox's SMTP server (RFC 6409). It reports for each attempt whether the
// mail was accepted, was certainly not sent, or may have been sent. Nothing is written after an attempt's deadline.
//
// Retries, and the copy in the sent folder, are up to the caller.
package submission
