package blockkit

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// This file converts mrkdwn, Slack's own markup, to Markdown: *bold* becomes **bold**, and <https://x.test|words>
// becomes [words](https://x.test). A token is the part in angle brackets: a link, or a mention such as <@U1> (a
// person) or <#C1|support> (a channel). Most messages have rich text, which richtext.go reads. This file reads the
// messages that don't, and the arguments of slash commands.

// unescape undoes Slack's escaping of text.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// readLabels returns the names of ids: those in the tokens of a text, as in <#C1|support>, and those of known.
func readLabels(s string, known map[string]string) labels {
	out := labels{}
	maps.Copy(out, known)
	for {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			return out
		}

		s = s[at+1:]
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return out
		}

		id, name, ok := strings.Cut(s[:end], "|")
		id = strings.TrimPrefix(id, "!subteam^")
		hasName := ok && name != ""
		if hasName && len(id) > 1 {
			out[strings.TrimLeft(id, "#@")] = strings.TrimPrefix(unescape(name), "@")
		}

		s = s[end+1:]
	}
}

// ReadArguments reads what somebody typed after a slash command. There Slack uses tokens and emoji shortcodes, but no
// formatting. names has the names of channels by id, for tokens without a name.
func ReadArguments(s string, names map[string]string) markdown.Text {
	w := &writer{Writer: markdown.NewWriter(), names: readLabels(s, names)}
	w.readTokens(s)
	return w.Text()
}

// readMrkdwn reads a message's text.
func (w *writer) readMrkdwn(s string) {
	for i, part := range strings.Split(s, "```") {
		isCode := i%2 == 1 // an odd number of fences precedes it
		if isCode && strings.TrimSpace(part) != "" {
			if !w.Empty() {
				w.Paragraph()
			}
			w.Preformatted(strings.Trim(unescape(part), "\n"))
			continue
		}

		if i > 0 {
			part = strings.TrimPrefix(part, "\n")
			if part != "" {
				w.Paragraph()
			}
		}

		w.readLines(part)
	}
}

// readLines reads lines of mrkdwn. Lines that begin with an escaped ">" are quoted.
func (w *writer) readLines(s string) {
	wasQuoted := false // whether the previous line was quoted
	for i, line := range strings.Split(s, "\n") {
		rest, isQuoted := strings.CutPrefix(line, "&gt;")
		if isQuoted {
			w.Prefixed("> ", func() { w.readSpans(strings.TrimPrefix(rest, " "), markdown.Style{}) })
			wasQuoted = true
			continue
		}

		if wasQuoted {
			w.Paragraph() // an empty line ends the quotation in Markdown
		} else if i > 0 {
			w.Newline()
		}

		w.readSpans(line, markdown.Style{})
		wasQuoted = false
	}
}

// readSpans reads one line, or the inside of a span. A span is inline code, a token or formatted text, such as *bold*.
// style is the style around it.
func (w *writer) readSpans(s string, style markdown.Style) {
	begin := 0 // s[:begin] has been written
	writeUpTo := func(end int) {
		if end > begin {
			w.Styled(withEmoji(unescape(s[begin:end])), style)
		}
	}
	for i := 0; i < len(s); {
		length := w.readSpan(s, i, style, writeUpTo)
		i += max(length, 1)
		if length > 0 {
			begin = i
		}
	}

	writeUpTo(len(s))
}

// readSpan writes the span that begins at s[i] and returns its length, or 0 if no span begins at s[i]. Before it
// writes a span it calls writeUpTo(i), which writes the plain text before the span.
func (w *writer) readSpan(s string, i int, style markdown.Style, writeUpTo func(end int)) (length int) {
	rest := s[i+1:]
	switch mark := s[i]; mark {
	case '<':
		token, _, found := strings.Cut(rest, ">")
		if !found {
			return 0
		}

		writeUpTo(i)
		w.writeToken(token, style)
		return len("<") + len(token) + len(">")
	case '`':
		code, _, found := strings.Cut(rest, "`")
		if !found || code == "" {
			return 0
		}

		writeUpTo(i)
		w.Styled(unescape(code), markdown.Style{Code: true})
		return len("`") + len(code) + len("`")
	case '*', '_', '~':
		inner := withMark(style, mark)
		end := closingMark(s, i)
		if end < 0 || inner == style { // bold within bold is literal text, which also limits the recursion
			return 0
		}

		writeUpTo(i)
		w.readSpans(s[i+1:end], inner)
		return end + 1 - i
	}

	return 0
}

// withMark adds the formatting that a mark denotes to a style.
func withMark(style markdown.Style, mark byte) markdown.Style {
	switch mark {
	case '*':
		style.Bold = true
	case '_':
		style.Italic = true
	case '~':
		style.Strike = true
	}
	return style
}

// maxSpanBytes is the maximum distance between an opening and a closing mark.
const maxSpanBytes = 1000

// closingMark returns the index of the mark that closes the one at s[i], or -1 if s[i] doesn't open formatted text.
// Like Slack, it accepts marks only at word boundaries: "snake_case_name" has none.
func closingMark(s string, i int) int {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	if i > 0 && isWordRune(before) {
		return -1
	}
	if strings.HasPrefix(s[i+1:], " ") {
		return -1
	}

	for j := i + 1; j < min(len(s), i+maxSpanBytes); j++ {
		if s[j] != s[i] {
			continue
		}

		isEmpty := j == i+1
		after, _ := utf8.DecodeRuneInString(s[j+1:])
		isBeforeWord := j+1 < len(s) && isWordRune(after)
		endsWord := s[j-1] != ' ' && !isBeforeWord
		if !isEmpty && endsWord {
			return j
		}
	}

	return -1
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// isBroadcast reports whether a token notifies a whole channel.
func isBroadcast(id string) bool {
	return slices.Contains([]string{"!here", "!channel", "!everyone"}, id)
}

// writeToken writes a token, which is given without its angle brackets. A special token (with "!") of an unknown kind
// is written as its label.
func (w *writer) writeToken(token string, style markdown.Style) {
	id, label, _ := strings.Cut(token, "|")
	label = unescape(label)
	switch {
	case strings.HasPrefix(id, "@"):
		w.User(id[1:])
	case strings.HasPrefix(id, "#"):
		w.Literal(w.channelWords(id[1:]))
	case strings.HasPrefix(id, "!subteam^"):
		group := strings.TrimPrefix(id, "!subteam^")
		w.Mention(group)
		w.Literal(w.groupWords(group))
	case strings.HasPrefix(id, "!date^"):
		w.Literal(label)
	case isBroadcast(id):
		w.Mention("here")
		w.Literal("@" + id[1:])
	case strings.HasPrefix(id, "!"):
		w.Literal(label)
	default:
		w.Link(unescape(id), label, style)
	}
}

// readTokens reads a text that has no markup except tokens.
func (w *writer) readTokens(s string) {
	for {
		at := strings.IndexByte(s, '<')
		end := strings.IndexByte(s, '>')
		if at < 0 || end < at {
			w.Literal(withEmoji(unescape(s)))
			return
		}
		w.Literal(withEmoji(unescape(s[:at])))
		w.writeToken(s[at+1:end], markdown.Style{})
		s = s[end+1:]
	}
}
