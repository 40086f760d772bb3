package torture

import "slices"

// checkRecipients compares the recipients of each mail that Parley handed to the mail server with those whom the customer's
// own mails name: the customer, and who is in copy. Mailboxes of other people are not read, and need not be.
func checkRecipients(v *Verdict, observed Observation) {
	for _, mail := range observed.Submissions {
		readers := observed.readersOf(mail)
		for _, address := range mail.To {
			if !slices.Contains(readers, address) {
				v.addViolation(&v.Leaked, "the mail %s was sent to %s, who is no recipient of that conversation", mail.ID, address)
			}
		}
		for _, address := range readers {
			if !slices.Contains(mail.To, address) {
				v.addViolation(&v.Lost, "the mail %s was not sent to %s, whom the customer's mails name", mail.ID, address)
			}
		}
	}
}

// readersOf returns the readers of the customer to whom a mail was sent; nil means that it was sent to no customer.
func (o *Observation) readersOf(mail Submission) []string {
	isSentTo := func(address string) bool { return slices.Contains(mail.To, address) }
	for _, b := range o.Mailboxes {
		if slices.ContainsFunc(b.Readers, isSentTo) {
			return b.Readers
		}
	}
	return nil
}
