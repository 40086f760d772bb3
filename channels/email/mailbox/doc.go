// Package mailbox reads a mailbox by IMAP.
//
// Run keeps a connection and fetches new mails of the inbox and of the Sent folder, in the order of arrival. It stores each
// mail before its watermark, which records how far the mailbox was read, passes the mail. Reconcile finds out whether a
// mail was sent, and FileCopy files a copy of a sent mail. Mails are never changed or marked as read.
//
// What does not belong here: the content of mails (package message), and what is sent (submission*.go).
package mailbox
