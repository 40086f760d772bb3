package markdown

import (
	"slices"
	"strings"
)

// Text is what somebody typed, in two forms.
type Text struct {
	Markdown string            // canonical; mentions are tokens such as <@U0ANN>
	Plain    string            // the characters as typed, without formatting
	Mentions []string          // ids of people and groups
	Tokens   map[string]string // mention token → id
}

// MentionToken stands for somebody in both forms.
func MentionToken(id string) string { return "<@" + id + ">" }

// Writer builds a text line by line, in both forms.
type Writer struct {
	md, plain strings.Builder
	prefix    string // of each line of md: quotation and list marks
	inked     bool   // the line has more than marks and spaces
	mentions  []string
	tokens    map[string]string
}

// NewWriter begins a text.
func NewWriter() *Writer { return &Writer{tokens: map[string]string{}} }

// Inner begins a text that becomes a piece of w's; its mentions are to be told to w.
func (w *Writer) Inner() *Writer { return &Writer{tokens: w.tokens} }

// Text gives what was written.
func (w *Writer) Text() Text {
	trim := func(s string) string { return strings.TrimRight(s, " \n") }
	return Text{Markdown: trim(w.md.String()), Plain: trim(w.plain.String()), Mentions: w.mentions, Tokens: w.tokens}
}

// Empty says that nothing is written.
func (w *Writer) Empty() bool { return w.md.Len() == 0 }

// Plain gives the characters that were written, to the last space.
func (w *Writer) Plain() string { return w.plain.String() }

// Mentions gives who is mentioned up to here.
func (w *Writer) Mentions() []string { return w.mentions }

// Mention notes that somebody is mentioned, without a word of it.
func (w *Writer) Mention(id string) {
	if !slices.Contains(w.mentions, id) {
		w.mentions = append(w.mentions, id)
	}
}

// raw appends Markdown that is not escaped; line breaks get the prefix.
func (w *Writer) raw(md string) {
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

// BreakLine ends a line of both forms unless they are at the start of one.
func (w *Writer) BreakLine() {
	w.inked = false
	if w.md.Len() > 0 && !strings.HasSuffix(w.md.String(), "\n") {
		w.md.WriteByte('\n')
	}
	if w.plain.Len() > 0 && !strings.HasSuffix(w.plain.String(), "\n") {
		w.plain.WriteByte('\n')
	}
}

// Paragraph leaves an empty line in Markdown, so that blocks don't run together.
func (w *Writer) Paragraph() {
	w.BreakLine()
	if w.md.Len() > 0 && !strings.HasSuffix(w.md.String(), "\n\n") {
		w.md.WriteByte('\n')
	}
}

// Style of a run.
type Style struct {
	Bold   bool
	Italic bool
	Strike bool
	Code   bool
}

// Styled appends s with its formatting to both forms. Marks hug the words: CommonMark
// knows no emphasis with a space inside its border, nor over a line's end.
func (w *Writer) Styled(s string, st Style) {
	w.plain.WriteString(s)
	if st == (Style{}) {
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

func (st Style) marks() (string, string) {
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

// Prefixed writes with a mark before each line.
func (w *Writer) Prefixed(mark string, write func()) {
	old := w.prefix
	w.BreakLine()
	w.md.WriteString(old + mark)
	w.prefix = old + mark
	write()
	w.prefix = old
}

// Item writes an entry of a list, nested in so many others.
func (w *Writer) Item(indent int, mark string, write func()) {
	w.BreakLine()
	space := strings.Repeat("    ", min(max(indent, 0), 8))
	w.md.WriteString(w.prefix + space + mark)
	old := w.prefix
	w.prefix = old + space + strings.Repeat(" ", len(mark))
	write()
	w.prefix = old
}

// Newline breaks the line of both forms.
func (w *Writer) Newline() {
	w.raw("\n")
	w.plain.WriteByte('\n')
}

// Preformatted writes a fence longer than any in the code.
func (w *Writer) Preformatted(code string) {
	fence := strings.Repeat("`", max(3, longestRun(code, '`')+1))
	w.BreakLine()
	w.md.WriteString(w.prefix)
	w.raw(fence + "\n" + strings.TrimSuffix(code, "\n") + "\n" + fence)
	w.plain.WriteString(code)
}

// User writes a mention as a token that bot/command knows.
func (w *Writer) User(id string) {
	if id == "" {
		return
	}
	w.Mention(id)
	token := MentionToken(id)
	w.tokens[token] = id
	w.plain.WriteString(token)
	w.raw(token)
}

// Literal appends s as it is, without formatting.
func (w *Writer) Literal(s string) {
	w.plain.WriteString(s)
	w.raw(w.escape(s))
}

// Link writes an address; only kinds that lead somewhere for a customer stay links.
func (w *Writer) Link(address, label string, st Style) {
	bare := strings.TrimPrefix(strings.TrimPrefix(address, "mailto:"), "tel:")
	if label == "" {
		label = bare
	}
	scheme, _, _ := strings.Cut(strings.ToLower(address), ":")
	leads := slices.Contains([]string{"http", "https", "mailto", "tel"}, scheme)
	switch {
	case !leads || bare != address && label == bare || st.Code:
		w.Styled(label, st)
	case label == address && !strings.ContainsAny(address, "<> \n"):
		w.plain.WriteString(label)
		w.raw("<" + address + ">")
	default:
		open, end := Style{Bold: st.Bold, Italic: st.Italic, Strike: st.Strike}.marks()
		w.plain.WriteString(label)
		target := strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "", " ", "%20").Replace(address)
		w.raw(open + "[" + w.escape(strings.ReplaceAll(label, "\n", " ")) + "](<" + target + ">)" + end)
	}
}
