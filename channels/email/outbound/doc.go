// Package outbound writes mails: text and HTML, headers that keep them in their thread, ids by which they
// are known again, and files, which are read only while a mail leaves.
//
// What does not belong here: whether and when something is sent, and connections.
package outbound
