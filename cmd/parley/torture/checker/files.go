package checker

import (
	"fmt"
	"strings"
)

// Some mails of customers have a file. This file of the checker makes their contents, and checks that each is shown
// once, in the thread of the customer who sent it.

// File is a file of a message.
type File struct{ Name, Content string }

// FileOf returns the file of a message that has one. Its name and content tell it from all other files. Neither
// contains the marker: that would count as a copy of the message.
func FileOf(m Marker) File {
	const lines = 200
	name := fmt.Sprintf("file-c%03d-%d.txt", m.Conversation, m.Number)
	return File{Name: name, Content: strings.Repeat("a line of "+name+"\n", lines)}
}

// checkFiles looks for each file of a customer: it must be shown once, with its content, in the thread of the
// customer's conversation.
func checkFiles(v *Verdict, observed Observation, history History) {
	for _, op := range history {
		if op.Kind == OpWrite && op.HasFile {
			v.Files++
			checkFile(v, observed, op)
		}
	}
}

// checkFile looks for the file of one message.
func checkFile(v *Verdict, observed Observation, op Operation) {
	want := FileOf(op.Marker)
	shown, marked := 0, 0 // posts that show it, and those of them that say that they may be copies
	for t, p := range observed.posts() {
		for _, f := range p.Files {
			if f.Name != want.Name {
				continue
			}
			shown++
			if p.MaybeCopy {
				marked++
			}
			if customer := CustomerOf(*t); customer != op.Conversation {
				v.addViolation(&v.Leaked, "%s of %s stands in the thread of customer %d", f.Name, op.Marker, customer)
			}
			if f.Content != want.Content {
				v.addViolation(&v.Lost, "%s of %s has another content in the post %s", f.Name, op.Marker, p.ID)
			}
		}
	}

	excused := min(max(shown-1, 0), marked)
	v.MarkedCopies += excused
	switch {
	case shown == 0:
		v.addViolation(&v.Lost, "%s of %s stands in no thread", want.Name, op.Marker)
	case shown > 1+excused:
		v.addViolation(&v.Doubled, "%s of %s is shown %d times", want.Name, op.Marker, shown)
	}
}
