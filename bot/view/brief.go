package view

import (
	"strings"

	"parley/bridge"
	"parley/channels/markdown"
)

// How much a line repeats of a message that stands above it: enough to know which message is meant.
const (
	briefLines = 2
	briefRunes = 200
)

// brief shortens a person's message that a line repeats, if readers can still see the message where
// it was typed. A message that was deleted or changed there, or was never typed in a channel, stays whole.
func brief(l bridge.Line) (short bridge.Line, cut bool) {
	switch l.Kind() {
	case bridge.LineEditLate, bridge.LineDeleteLate:
		return l, false
	default: // any other line stands beside the message that it repeats
	}
	text := strings.TrimSpace(l.Text)
	if l.SourceRef.Message == "" || l.SourceRef.Channel == "" || strings.Count(text, "\n") < briefLines && len([]rune(text)) <= briefRunes {
		return l, false
	}
	var lines []string
	for line := range strings.SplitSeq(markdown.Plain(markdown.Parts(text)), "\n") {
		if line = strings.TrimSpace(line); line != "" && len(lines) < briefLines {
			lines = append(lines, line)
		}
	}
	w := markdown.NewWriter()
	w.Literal(strings.TrimSpace(markdown.Cut(strings.Join(lines, "\n"), briefRunes)) + " …")
	l.Text = w.Text().Markdown
	return l, true
}
