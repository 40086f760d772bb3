// Package mailid makes and reads the ids by which mails are recognised:
//
//   - Message-IDs and addresses with a token of ours, which identifies the conversation and message that a mail belongs
//     to. A token can't be made without one of our keys.
//   - The headers that repeat them.
//   - The id of the fact that a mail arrived, which is the same for all copies of a mail.
//
// What does not belong here: how a recognised mail is handled, and where mails are looked for.
package mailid
