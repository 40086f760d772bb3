// Package email is the channel of mailboxes: it fetches customers' mail by IMAP, says
// what is in it, and answers by SMTP.
//
// Fetching (run, batch, take, fetch, mark) stores raw mail before it passes a UID over.
// Decoding (decode and what it calls) is pure: the same bytes give the same Inbound at
// any time. Sending (compose, outgoing, smtp, send) ends accepted, certainly failed, or unknown;
// reconcile looks for the unknown ones in the folder of sent mail.
// What all mailboxes of a process share, and what bounds them together, is process.
//
// What does not belong here: which conversation a mail belongs to beyond our own
// tokens, whether and when something is sent, SQL, and anything of another channel.
package email
