// Package mailid has the names by which mails are known again: the Message-IDs and addresses with a token of ours,
// which say to which conversation and message a mail belongs, and which nobody without a key can make; the headers that
// repeat them; and the name of the fact that a mail arrived, which is the same for all copies of a mail.
//
// What does not belong here: what follows when a mail is known, and where mails are looked for.
package mailid
