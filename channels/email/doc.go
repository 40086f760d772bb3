// Package email is the channel of mailboxes. It combines the packages below it, each of which has one job:
//
//   - mailbox reads mails by IMAP, and looks for mails that were sent.
//   - submission sends mails by SMTP.
//   - wire has what IMAP and SMTP connections share.
//   - rawmail parses a mail, bodytext converts its text to Markdown, and inbound says what the mail means.
//   - outbound composes mails. It also uses bodytext.
//   - mailid makes and reads our tokens.
//   - settings defines what an administrator configures.
//   - smtpcode interprets the replies of SMTP servers.
//
// The bytes of a mail are stored before its IMAP UID counts as read. Decoding is pure: the same bytes give the same
// Inbound at any time. An attempt to send is accepted, has certainly failed, or has an unknown result. In the last case
// the mail is looked for in the folder of sent mail.
//
// What does not belong here: which conversation a mail belongs to beyond our own tokens, whether and when
// something is sent, SQL, and anything of another channel.
package email
