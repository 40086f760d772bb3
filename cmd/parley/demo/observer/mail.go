package observer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/checker"
	"parley/cmd/parley/demo/company"
)

// observeMail records what customers write to the company, and what they receive from it. It skips mailboxes in which nothing
// has changed since the last look.
func (o *Observer) observeMail(now time.Time) {
	mail := o.company.Mail
	for _, box := range mail.State().Mailboxes {
		if !box.Customer || maps.Equal(box.Folders, o.folderSizes[box.Address]) {
			continue
		}

		o.folderSizes[box.Address] = box.Folders
		for _, m := range mail.Sent(box.Address) {
			if !isToCompany(m) {
				continue
			}

			text, files := checker.WrittenText(m.Text, m.HTML), countAttachments(m)
			o.recordSent(checker.SentMessage{
				Key:       m.MessageID,
				Direction: checker.Inbound,
				Author:    cmp.Or(m.From.Name, m.From.Address),
				Recipient: company.HelpAddress,
				SentAt:    m.At,
				Text:      cmp.Or(text, filesOf(m), "(a message without text)"),
				Mailbox:   box.Address,
				Files:     files,
				FilesOnly: text == "" && files > 0,
			}, now)
		}

		for _, m := range mail.Inbox(box.Address) {
			if strings.EqualFold(m.From.Address, company.HelpAddress) {
				o.recordObserved(checker.Observation{
					Key:       fmt.Sprintf("%s/%09d", box.Address, m.UID),
					Direction: checker.Outbound,
					At:        m.At,
					Mailbox:   box.Address,
					Wording:   checker.WordingOf(cmp.Or(checker.ReceivedText(m.Text), filesOf(m))),
				})
			}
		}
	}
}

// filesOf names what a mail carries.
func filesOf(m mailfake.Received) string {
	var names []string
	for _, a := range m.Attachments {
		names = append(names, a.Name)
	}
	return strings.Join(names, " ")
}

// countAttachments counts a mail's files, without the pictures within its text.
func countAttachments(m mailfake.Received) (n int) {
	for _, a := range m.Attachments {
		if !a.Inline && a.ContentID == "" {
			n++
		}
	}
	return n
}

func isToCompany(m mailfake.Received) bool {
	return slices.ContainsFunc(append(slices.Clone(m.To), m.Cc...), func(a mailfake.Address) bool {
		return strings.EqualFold(a.Address, company.HelpAddress)
	})
}
