package witness

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/outside"
)

// lookIntoMail hears what customers write to the company, and sees what they receive
// from it. It skips mailboxes in which nothing has changed since the last look.
func (w *Witness) lookIntoMail(now time.Time) {
	mail := w.world.Mail
	for _, box := range mail.State().Mailboxes {
		if !box.Customer || maps.Equal(box.Folders, w.boxes[box.Address]) {
			continue
		}

		w.boxes[box.Address] = box.Folders
		for _, m := range mail.Sent(box.Address) {
			if !isToCompany(m) {
				continue
			}

			text, files := judge.OwnText(m.Text, m.HTML), countAttachments(m)
			w.noteSaying(judge.Saying{Key: m.MessageID, Way: judge.WayIn, Who: nameIn(m.From), Whom: outside.HelpAddress, At: m.At, Text: cmp.Or(text, filesOf(m), "(a message without text)"),
				Box: box.Address, Files: files, Bare: text == "" && files > 0}, now)
		}

		for _, m := range mail.Inbox(box.Address) {
			if strings.EqualFold(m.From.Address, outside.HelpAddress) {
				w.noteArrival(judge.Arrival{Key: fmt.Sprintf("%s/%09d", box.Address, m.UID), Way: judge.WayOut, At: m.At, Box: box.Address,
					Wording: judge.WordingOf(cmp.Or(judge.OwnText(m.Text, m.HTML), filesOf(m)))})
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
	return slices.ContainsFunc(append(slices.Clone(m.To), m.Cc...), func(a mailfake.Address) bool { return strings.EqualFold(a.Address, outside.HelpAddress) })
}

func nameIn(a mailfake.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name
}
