package slack

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// text is what somebody typed, in two forms.
type text struct {
	markdown string            // canonical; mentions are tokens such as <@U0ANN>
	plain    string            // the characters as typed, without formatting
	mentions []string          // user ids, user group ids, and "here" for broadcasts
	tokens   map[string]string // mention token → user id
}

// mentionToken stands for a user in both forms.
func mentionToken(user string) string { return "<@" + user + ">" }

// writer builds a text line by line, in both forms.
type writer struct {
	md, plain strings.Builder
	prefix    string // of each line of md: quotation and list marks
	inked     bool   // the line has more than marks and spaces
	names     labels
	mentions  []string
	tokens    map[string]string
}

func (w *writer) text() text {
	trim := func(s string) string { return strings.TrimRight(s, " \n") }
	return text{markdown: trim(w.md.String()), plain: trim(w.plain.String()), mentions: w.mentions, tokens: w.tokens}
}

func (w *writer) mention(id string) {
	if !slices.Contains(w.mentions, id) {
		w.mentions = append(w.mentions, id)
	}
}

// raw appends Markdown that is not escaped; line breaks get the prefix.
func (w *writer) raw(md string) {
	line := md
	if at := strings.LastIndexByte(md, '\n'); at >= 0 {
		line, w.inked = md[at+1:], false
	}
	w.inked = w.inked || strings.TrimLeft(line, " ") != ""
	if w.prefix != "" {
		md = strings.ReplaceAll(md, "\n", "\n"+w.prefix)
	}
	w.md.WriteString(md)
}

// breakLine ends a line of both forms unless they are at the start of one.
func (w *writer) breakLine() {
	w.inked = false
	if w.md.Len() > 0 && !strings.HasSuffix(w.md.String(), "\n") {
		w.md.WriteByte('\n')
	}
	if w.plain.Len() > 0 && !strings.HasSuffix(w.plain.String(), "\n") {
		w.plain.WriteByte('\n')
	}
}

// paragraph leaves an empty line in Markdown, so that blocks don't run together.
func (w *writer) paragraph() {
	w.breakLine()
	if w.md.Len() > 0 && !strings.HasSuffix(w.md.String(), "\n\n") {
		w.md.WriteByte('\n')
	}
}

// style of a run.
type style struct {
	Bold   bool `json:"bold"`
	Italic bool `json:"italic"`
	Strike bool `json:"strike"`
	Code   bool `json:"code"`
}

// styled appends s with its formatting to both forms. Marks hug the words: CommonMark
// knows no emphasis with a space inside its border, nor over a line's end.
func (w *writer) styled(s string, st style) {
	w.plain.WriteString(s)
	if st == (style{}) {
		w.raw(w.escape(s))
		return
	}
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			w.raw("\n")
		}
		core := strings.TrimSpace(line)
		if core == "" {
			w.raw(line)
			continue
		}
		at := strings.Index(line, core)
		open, end := st.marks()
		body := w.escape(core)
		if st.Code {
			body = codeSpan(core)
		}
		w.raw(line[:at] + open + body + end + line[at+len(core):])
	}
}

func (st style) marks() (string, string) {
	open := ""
	if st.Strike {
		open += "~~"
	}
	if st.Bold {
		open += "**"
	}
	if st.Italic {
		open += "*"
	}
	end := []byte(open)
	slices.Reverse(end)
	return open, string(end)
}

// codeSpan quotes s with more backticks than it contains.
func codeSpan(s string) string {
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		pad = " "
	}
	return fence + pad + s + pad + fence
}

func longestRun(s string, c byte) int {
	best, run := 0, 0
	for i := range len(s) {
		if s[i] == c {
			run++
			best = max(best, run)
		} else {
			run = 0
		}
	}
	return best
}

// escape makes s literal in Markdown. The escape that a person types before a verb
// (`\!`, `\/`) stays as it is at the very beginning: bot/command takes it off.
func (w *writer) escape(s string) string {
	var b strings.Builder
	if w.md.Len() == 0 && (strings.HasPrefix(s, `\!`) || strings.HasPrefix(s, `\/`)) {
		b.WriteString(s[:2])
		s = s[2:]
	}
	start := !w.inked
	for i, r := range s {
		switch r {
		case '\\', '*', '_', '`', '[', ']', '<', '~':
			b.WriteByte('\\')
		case '&':
			if entityLike(s[i:]) {
				b.WriteByte('\\')
			}
		case '>':
			if start {
				b.WriteByte('\\')
			}
		case '#', '-', '+', '=', '|', ':':
			if start && (lineMark(s[i:]) && r != '|' && r != ':' || tableRule(s[i:])) {
				b.WriteByte('\\')
			}
		case '.', ')':
			if start && numberBefore(s[:i], i) {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
		switch {
		case r == '\n':
			start = true
		case r != ' ' && (r < '0' || r > '9'):
			start = false
		}
	}
	return b.String()
}

// lineMark tells whether s would begin a heading, list or rule.
func lineMark(s string) bool {
	trimmed := strings.TrimLeft(s, s[:1])
	return trimmed == "" || trimmed[0] == ' ' || trimmed[0] == '\n'
}

// tableRule tells whether s begins with the line that makes a table of its neighbours.
func tableRule(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	return strings.Contains(line, "-") && strings.Trim(line, "|:- ") == ""
}

// numberBefore tells whether a line begins with digits only up to i ("12.").
func numberBefore(s string, i int) bool {
	line := strings.TrimLeft(s[strings.LastIndexByte(s, '\n')+1:i], " ")
	return line != "" && strings.Trim(line, "0123456789") == ""
}

// entityLike tells whether s would be read as a character reference.
func entityLike(s string) bool {
	end := strings.IndexByte(s, ';')
	if end < 2 || end > 32 {
		return false
	}
	for _, r := range s[1:end] {
		if r != '#' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

// cutRunes gives at most n runes of s.
func cutRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	i := 0
	for range n {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s[:i]
}
