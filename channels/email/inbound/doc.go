// Package inbound says what a stored mail means: it makes a channels.Inbound of its bytes.
//
// It tells messages of customers from answers that were written in the mailbox itself, from automatic mail
// and from reports on mails that did not arrive; finds our tokens; and unpacks what programs put into mails:
// forwarded mails, invitations, winmail.dat. It is pure: the same bytes give the same Inbound at any time,
// and no bytes of a mail make it fail. Only a payload without any bytes is an error.
//
// What does not belong here: which conversation a mail belongs to beyond our own tokens, connections, and
// how bytes become header, parts (package rawmail) and Markdown (package bodytext).
package inbound
