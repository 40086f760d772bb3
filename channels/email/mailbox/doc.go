// Package mailbox reads a mailbox by IMAP.
//
// Run keeps a connection, takes new mails of the inbox and of the folder of sent mail in the order in which
// they arrived, and has each stored before its watermark passes it. Reconcile looks for a mail of which
// nobody knows whether it was sent, and FileCopy files one that was. Mails are never changed or marked as read.
//
// What does not belong here: what mails say, and SMTP.
package mailbox
