package blockkit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// unescape undoes Slack's escaping of text.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// readLabels collects the names that a text in mrkdwn gives to ids, as in <#C1|support>.
func readLabels(s string) labels {
	out := labels{}
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
		if ok && len(id) > 1 && name != "" {
			out[strings.TrimLeft(id, "#@")] = strings.TrimPrefix(unescape(name), "@")
		}
		s = s[end+1:]
	}
}

// ReadArguments reads what somebody typed behind a slash command: it has no markup but mentions and links
// in angle brackets.
func ReadArguments(s string) markdown.Text {
	w := &writer{Writer: markdown.NewWriter(), names: readLabels(s)}
	w.tokensOnly(s)
	return w.Text()
}

// mrkdwn reads Slack's own markup, for messages without rich text.
func (w *writer) mrkdwn(s string) {
	for i, part := range strings.Split(s, "```") {
		if i%2 == 1 && strings.TrimSpace(part) != "" {
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
		w.mrkdwnLines(part)
	}
}

func (w *writer) mrkdwnLines(s string) {
	quoting := false
	for i, line := range strings.Split(s, "\n") {
		rest, quoted := strings.CutPrefix(line, "&gt;")
		switch {
		case quoted:
			w.Prefixed("> ", func() { w.spans(strings.TrimPrefix(rest, " "), markdown.Style{}) })
		case quoting:
			w.Paragraph()
			w.spans(line, markdown.Style{})
		default:
			if i > 0 {
				w.Newline()
			}
			w.spans(line, markdown.Style{})
		}
		quoting = quoted
	}
}

// spans writes one line: code, tokens in angle brackets, and simple formatting.
func (w *writer) spans(s string, st markdown.Style) {
	begin := 0
	flush := func(end int) {
		if end > begin {
			w.Styled(unescape(s[begin:end]), st)
		}
	}
	for i := 0; i < len(s); {
		length := w.span(s, i, st, flush)
		i += max(length, 1)
		if length > 0 {
			begin = i
		}
	}
	flush(len(s))
}

// span writes the span that begins at i, after flushing what comes before it, and gives its
// length; 0 if none begins there.
func (w *writer) span(s string, i int, st markdown.Style, flush func(int)) int {
	switch c := s[i]; c {
	case '<':
		end := strings.IndexByte(s[i:], '>')
		if end < 1 {
			return 0
		}
		flush(i)
		w.token(s[i+1:i+end], st)
		return end + 1
	case '`':
		end := strings.IndexByte(s[i+1:], '`')
		if end < 1 {
			return 0
		}
		flush(i)
		w.Styled(unescape(s[i+1:i+1+end]), markdown.Style{Code: true})
		return end + 2
	case '*', '_', '~':
		inner := st
		switch c {
		case '*':
			inner.Bold = true
		case '_':
			inner.Italic = true
		default:
			inner.Strike = true
		}
		end := closing(s, i, c)
		if end < 0 || inner == st { // the latter bounds the nesting
			return 0
		}
		flush(i)
		w.spans(s[i+1:end], inner)
		return end + 1 - i
	}
	return 0
}

// maxSpanBytes bounds how far apart, in bytes, the two marks of formatting may be.
const maxSpanBytes = 1000

// closing finds the mark that ends the formatting which the mark c at i opens; -1 if that opens none.
// Marks count only at the borders of words.
func closing(s string, i int, c byte) int {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	if i > 0 && wordRune(before) {
		return -1
	}
	for j := i + 1; j < min(len(s), i+maxSpanBytes); j++ {
		if s[j] != c {
			continue
		}
		after, _ := utf8.DecodeRuneInString(s[j+1:])
		if j > i+1 && s[i+1] != ' ' && s[j-1] != ' ' && (j+1 == len(s) || !wordRune(after)) {
			return j
		}
	}
	return -1
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// token writes what stands between angle brackets: a mention, a channel, a link.
func (w *writer) token(t string, st markdown.Style) {
	id, label, _ := strings.Cut(t, "|")
	label = unescape(label)
	switch {
	case strings.HasPrefix(id, "@"):
		w.User(id[1:])
	case strings.HasPrefix(id, "#"):
		w.Literal("#" + w.label(id[1:]))
	case strings.HasPrefix(id, "!subteam^"):
		group := strings.TrimPrefix(id, "!subteam^")
		w.Mention(group)
		w.Literal("@" + w.label(group))
	case strings.HasPrefix(id, "!date^"):
		w.Literal(label)
	case id == "!here" || id == "!channel" || id == "!everyone":
		w.Mention("here")
		w.Literal("@" + id[1:])
	case strings.HasPrefix(id, "!"):
		w.Literal(label)
	default:
		w.Link(unescape(id), label, st)
	}
}

// tokensOnly reads a text that has no markup except tokens in angle brackets.
func (w *writer) tokensOnly(s string) {
	for {
		at := strings.IndexByte(s, '<')
		end := strings.IndexByte(s, '>')
		if at < 0 || end < at {
			w.Literal(unescape(s))
			return
		}
		w.Literal(unescape(s[:at]))
		w.token(s[at+1:end], markdown.Style{})
		s = s[end+1:]
	}
}
