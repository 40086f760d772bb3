// Package message reads and writes mails: a mail's bytes become what somebody wrote, and a reply becomes a mail. It calls nobody and
// reads no clock, so that the same bytes say the same whenever they are read again. The first word of a file's name tells the part:
// rawmail takes MIME apart, bodytext finds a mail's text, mailid names mails, inbound joins that to a fact, outbound writes, smtpcode
// explains servers' answers, settings are a mailbox's.
package message
