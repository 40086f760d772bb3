package evaluation

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxShownRunes is the maximum length of a message's text in the list of wrong answers.
const maxShownRunes = 300

// WriteWrong lists the first maxMessages messages with a wrong or missing answer, such as
//
//	dev-17 irony
//	  “Great, the third broken lamp in a row.”
//	  sentiment: labelled negative, answered positive
//
// The caller must not show messages of a test set, since analyzers must not be tuned on them.
func WriteWrong(to io.Writer, results []Result, maxMessages int) error {
	w := &tables{to: to}
	compared := compareFields(results)
	shown := 0
	for i, r := range results {
		if shown == maxMessages {
			break
		}

		faults := compared.faultsOf(i)
		if r.Err != nil {
			faults = []string{"  no answer: " + r.Err.Error()}
		}
		if len(faults) == 0 {
			continue
		}

		shown++
		head := strings.TrimSpace(r.Message.ID + " " + strings.Join(r.Message.Difficulties, ", "))
		w.writeLine("\n%s\n  “%s”\n%s", head, shortenMessage(r.Message), strings.Join(faults, "\n"))
	}

	return w.err
}

// faultsOf returns a line for each field that was answered wrongly, for the message with an index.
func (c comparedFields) faultsOf(i int) []string {
	var faults []string
	for _, f := range []struct {
		name     string
		compared comparison
	}{
		{"language", c.language[i]},
		{"sentiment", c.sentiment[i]},
		{"urgency", c.urgency[i]},
		{"intents", c.intents[i]},
		{"references", c.references[i]},
	} {
		if !f.compared.isExact() {
			expected, answered := listValues(f.compared.expected), listValues(f.compared.answered)
			faults = append(faults, fmt.Sprintf("  %s: labelled %s, answered %s", f.name, expected, answered))
		}
	}
	return faults
}

// shortenMessage returns the text of a message on one line, cut if it is long.
func shortenMessage(m Message) string {
	parts := slices.Clone(m.Texts)
	if m.Subject != "" {
		parts = slices.Insert(parts, 0, m.Subject)
	}
	text := []rune(strings.Join(strings.Fields(strings.Join(parts, " / ")), " "))
	if len(text) > maxShownRunes {
		return string(text[:maxShownRunes]) + "…"
	}
	return string(text)
}

func listValues(values []string) string {
	if len(values) == 0 {
		return "nothing"
	}
	named := slices.Clone(values)
	for i, v := range named {
		if v == "" {
			named[i] = "(none)"
		}
	}
	return strings.Join(named, " + ")
}
