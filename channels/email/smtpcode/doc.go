// Package smtpcode says what the replies of SMTP servers mean: basic and enhanced status codes become a
// class of failure, a wait and a hint for people. A server may give them while a mail is sent, or later in
// a report that comes as a mail.
//
// What does not belong here: connections, and the reading of reports.
package smtpcode
