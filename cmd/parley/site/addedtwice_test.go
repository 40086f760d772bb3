package site_test

import "net/url"

// mailboxForm is the form that adds a mailbox without trying it out.
func mailboxForm(address string) url.Values {
	return url.Values{
		"email.address":       {address},
		"email.imap.host":     {"imap.acme.test"},
		"email.imap.port":     {"993"},
		"email.imap.password": {"p"},
		"email.smtp.host":     {"smtp.acme.test"},
		"email.smtp.port":     {"587"},
		"untested":            {"yes"},
	}
}
