// Package outbound composes the mails that agents send to customers: a text and an HTML version, the headers that keep
// a mail in its thread, and attached files, which are read only while the mail is being sent.
//
// Connections, and whether and when a mail is sent, are the business of package submission and of the caller.
package outbound
