package markdown

import (
	"maps"
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

// Named writes mention tokens in s as names, all at once: what a name makes of the text around
// it is no token.
func Named(s string, names map[string]string) string {
	clean := strings.NewReplacer("*", "", "_", " ", "`", "", "[", "", "]", "", "<", "", ">", "", "\\", "")
	var pairs []string
	for _, token := range slices.Sorted(maps.Keys(names)) {
		pairs = append(pairs, token, "@"+clean.Replace(names[token]))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// Writer builds a text line by line, in both forms.
type Writer struct {
	md, plain strings.Builder
	prefix    string // of each line of md: quotation and list marks
	lead      string // marks of the line that begins, written before its first character
	fresh     bool   // lead is not written yet
	apart     bool   // the line before is empty
	inked     bool   // the line has more than marks and spaces
	mentions  []string
	known     map[string]bool // what mentions holds
	tokens    map[string]string
}

// NewWriter begins a text.
func NewWriter() *Writer {
	return &Writer{tokens: map[string]string{}, known: map[string]bool{}, fresh: true}
}

// Inner begins a text that the caller adds to w afterwards, such as the inside of a quotation. It shares w's tokens; whom it
// mentions the caller passes on to w.Mention.
func (w *Writer) Inner() *Writer {
	return &Writer{tokens: w.tokens, known: map[string]bool{}, fresh: true}
}

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
	if !w.known[id] {
		w.known[id] = true
		w.mentions = append(w.mentions, id)
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
	fence := strings.Repeat("`", LongestRun(s, '`')+1)
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		pad = " "
	}
	return fence + pad + s + pad + fence
}

// Preformatted writes a fence longer than any in the code.
func (w *Writer) Preformatted(code string) {
	fence := strings.Repeat("`", max(3, LongestRun(code, '`')+1))
	w.BreakLine()
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
	short := bare(address)
	if label == "" {
		label = short
	}
	switch {
	case !leads(address) || short != address && label == short || st.Code:
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

// leads says whether an address leads somewhere for a customer.
func leads(address string) bool {
	scheme, _, found := strings.Cut(strings.ToLower(address), ":")
	return found && slices.Contains([]string{"http", "https", "mailto", "tel"}, scheme)
}

// bare is an address as people write it.
func bare(address string) string {
	return strings.TrimPrefix(strings.TrimPrefix(address, "mailto:"), "tel:")
}
