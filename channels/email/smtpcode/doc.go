// Package smtpcode interprets the replies of SMTP servers: basic and enhanced status codes become a class of failure, a
// time to wait and a hint for people. A reply may come while a mail is being sent, or later in a bounce.
package smtpcode
