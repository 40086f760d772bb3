package view

import (
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/channels/markdown"
)

// How much a line repeats of a message that stands above it: enough to know which message is meant.
const (
	maxRepeatedLines = 2
	maxRepeatedRunes = 200
)

// shortenRepeated shortens a person's message that a line repeats, if readers can still see the message where
// it was typed. A message that was deleted or changed there, or was never typed in a channel, stays whole.
func shortenRepeated(l bridge.Line) (short bridge.Line, isShortened bool) {
	switch l.Kind() {
	case bridge.LineEditLate, bridge.LineDeleteLate:
		return l, false
	default: // any other line stands beside the message that it repeats
	}

	text := strings.TrimSpace(l.Text)
	isShort := strings.Count(text, "\n") < maxRepeatedLines && utf8.RuneCountInString(text) <= maxRepeatedRunes
	if !canLinkTo(l.SourceRef) || isShort {
		return l, false
	}

	var lines []string
	for line := range strings.SplitSeq(markdown.Plain(markdown.Parts(text)), "\n") {
		line = strings.TrimSpace(line)
		if line != "" && len(lines) < maxRepeatedLines {
			lines = append(lines, line)
		}
	}

	w := markdown.NewWriter()
	w.Literal(strings.TrimSpace(markdown.Cut(strings.Join(lines, "\n"), maxRepeatedRunes)) + " …")
	l.Text = w.Text().Markdown
	return l, true
}
