// Package email is the channel of mailboxes. It puts together what the packages below it do, each of which has one job:
//
//   - mailbox reads by IMAP, and looks for what was sent; submission sends by SMTP; wire is what both share.
//   - inbound says what a mail means, by the words that bodytext reads in the form that rawmail reads.
//   - outbound writes mails, whose words bodytext renders.
//   - mailid has our tokens, settings what an administrator says, smtpcode what servers' replies mean.
//
// Raw mail is stored before a UID is passed over. Reading it is pure: the same bytes give the same Inbound at any time.
// Sending ends accepted, certainly failed, or unknown; the unknown ones are looked for in the folder of sent mail.
//
// What does not belong here: which conversation a mail belongs to beyond our own tokens, whether and when
// something is sent, SQL, and anything of another channel.
package email
