package evaluation

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// mostShown is how much of a text is shown with a wrong answer.
const mostShown = 300

// WriteWrong shows the first messages, at most the number most, of which a field was answered wrongly or not at all, with their texts.
// The caller sees to it that nobody is shown messages of the unseen half.
func WriteWrong(to io.Writer, results []Result, most int) error {
	w := &tables{to: to}
	marks := mark(results)
	shown := 0
	for i, r := range results {
		var faults []string
		for _, f := range []struct {
			name string
			mark marking
		}{
			{"language", marks.language[i]}, {"sentiment", marks.sentiment[i]}, {"urgency", marks.urgency[i]},
			{"intents", marks.intents[i]}, {"references", marks.references[i]},
		} {
			if !f.mark.isExact() && r.Err == nil {
				faults = append(faults, fmt.Sprintf("  %s: labelled %s, answered %s", f.name, listValues(f.mark.expected), listValues(f.mark.answered)))
			}
		}

		if r.Err != nil {
			faults = append(faults, "  no answer: "+r.Err.Error())
		}
		if len(faults) == 0 || shown == most {
			continue
		}

		shown++
		head := strings.TrimSpace(r.Message.ID + " " + strings.Join(r.Message.Hard, ", "))
		w.writeLine("\n%s\n  “%s”\n%s", head, shortenMessage(r.Message), strings.Join(faults, "\n"))
	}

	return w.err
}

// shortenMessage is a message on one line.
func shortenMessage(m Message) string {
	parts := slices.Clone(m.Texts)
	if m.Subject != "" {
		parts = slices.Insert(parts, 0, m.Subject)
	}
	text := []rune(strings.Join(strings.Fields(strings.Join(parts, " / ")), " "))
	if len(text) > mostShown {
		return string(text[:mostShown]) + "…"
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
