package demo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/channels/email/mailfake"
)

// observeMail reads the customers' mailboxes on the emulated mail server. It records each mail to the company as a sent
// message, and each mail from the company as an observation, which is evidence that a message arrived. For example,
// Dana's mail to help@acme.test is a sent message, and the reply in her inbox is an observation. Mailboxes whose folders
// are the same size as at the last call are skipped. Caller holds o.mu.
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

			text, files := WrittenText(m.Text, m.HTML), countAttachments(m)
			o.recordSent(SentMessage{
				Key:       m.MessageID,
				Direction: Inbound,
				Author:    cmp.Or(m.From.Name, m.From.Address),
				Recipient: HelpAddress,
				SentAt:    m.At,
				Text:      cmp.Or(text, filesOf(m), "(a message without text)"),
				Mailbox:   box.Address,
				Files:     files,
				FilesOnly: text == "" && files > 0,
			}, now)
		}

		for _, m := range mail.Inbox(box.Address) {
			if strings.EqualFold(m.From.Address, HelpAddress) {
				o.recordObserved(Observation{
					Key:       fmt.Sprintf("%s/%09d", box.Address, m.UID),
					Direction: Outbound,
					At:        m.At,
					Mailbox:   box.Address,
					Wording:   WordingOf(cmp.Or(ReceivedText(m.Text), filesOf(m))),
				})
			}
		}
	}
}

// filesOf returns the names of a mail's attachments, separated by spaces.
func filesOf(m mailfake.Received) string {
	var names []string
	for _, a := range m.Attachments {
		names = append(names, a.Name)
	}
	return strings.Join(names, " ")
}

// countAttachments counts a mail's attachments, except pictures that are embedded in its text.
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
		return strings.EqualFold(a.Address, HelpAddress)
	})
}
