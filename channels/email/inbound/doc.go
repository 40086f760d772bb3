// Package inbound decodes stored mails: it converts the bytes of a mail to a channels.Inbound.
//
// It distinguishes customers' messages from mails that people send from the mailbox without Parley, from automatic mail,
// and from bounces. It finds our tokens, which identify the conversation, and unpacks forwarded mails, invitations and
// winmail.dat. It is pure: the same bytes always give the same Inbound. No mail makes it fail; only an empty payload is
// an error.
//
// What does not belong here: finding the conversation of a mail without a token, connections, and how bytes become header
// and parts (package rawmail) and Markdown (package bodytext).
package inbound
