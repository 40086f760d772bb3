// Package submission hands mails to the mailbox's SMTP server (RFC 6409), and says what became of each
// attempt: it was accepted, it certainly failed, or nobody knows. No byte leaves after an attempt's deadline.
//
// What does not belong here: what a mail says, the copy in the folder of sent mail, and when to try again.
package submission
