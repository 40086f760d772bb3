package view

import (
	"strings"

	"parley/bridge"
	"parley/channels/markdown"
)

// What a line repeats of a message that stands above it: enough to know which one is meant.
const (
	briefLines = 2
	briefRunes = 200
)

// brief shortens what a line repeats of a person's message, if that can be read where it was
// typed. What was deleted or changed there, or never stood there, stays whole.
func brief(l bridge.Line) (short bridge.Line, cut bool) {
	switch l.Kind() {
	case bridge.LineEditLate, bridge.LineDeleteLate:
		return l, false
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
