package torture

import (
	"fmt"
	"strings"
)

// In a test run some mails of customers have an attachment. This Go file generates the attachments, and checks that
// each was posted exactly once, unchanged, in the chat thread of the customer who sent it.

// File is an attachment of a message.
type File struct{ Name, Content string }

// FileOf returns the attachment of the message with marker m, such as file-c017-5.txt for inbound-c017-5. Its name and
// content are unique. Neither contains the marker itself, which would count as a copy of the message.
func FileOf(m Marker) File {
	const lines = 200
	name := fmt.Sprintf("file-c%03d-%d.txt", m.Conversation, m.Number)
	return File{Name: name, Content: strings.Repeat("a line of "+name+"\n", lines)}
}

// checkFiles checks the attachment of each customer's message in the history that has one.
func checkFiles(v *Verdict, observed Observation, history History) {
	for _, op := range history {
		if op.Kind == OpWrite && op.HasFile {
			v.Files++
			checkFile(v, observed, op)
		}
	}
}

// checkFile checks the attachment of the message that op wrote. A second post is excused if it is labelled as a
// possible copy.
func checkFile(v *Verdict, observed Observation, op Operation) {
	want := FileOf(op.Marker)
	shown, marked := 0, 0 // posts that have the file, and those of them that are labelled as possible copies
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
				v.addViolation(&v.Leaked, "%s of %s is in the thread of customer %d", f.Name, op.Marker, customer)
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
		v.addViolation(&v.Lost, "%s of %s is in no thread", want.Name, op.Marker)
	case shown > 1+excused:
		v.addViolation(&v.Doubled, "%s of %s is shown %d times", want.Name, op.Marker, shown)
	}
}
