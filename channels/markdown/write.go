package markdown

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Text is what somebody typed, in two forms.
type Text struct {
	Markdown string            // canonical Markdown; mentions are tokens such as <@U0ANN>
	Plain    string            // the characters as typed, without formatting
	Mentions []string          // ids of the people and groups that are mentioned, each once
	Tokens   map[string]string // the id for each mention token
}

// MentionToken returns the token that stands for somebody in both forms of a text.
func MentionToken(id string) string { return "<@" + id + ">" }

// NameMentions replaces mention tokens in s by names, so that a customer never reads an id. names has the names by token.
func NameMentions(s string, names map[string]string) string {
	clean := strings.NewReplacer("*", "", "_", " ", "`", "", "[", "", "]", "", "<", "", ">", "", "\\", "")
	var pairs []string
	for _, token := range slices.Sorted(maps.Keys(names)) {
		shown := "a colleague" // whose name isn't known
		if name := clean.Replace(names[token]); name != "" {
			shown = "@" + name
		}
		pairs = append(pairs, token, shown)
	}
	return strings.NewReplacer(pairs...).Replace(s) // all at once: a name and the text around it may look like another token
}

// Writer builds a text line by line in two forms, as Markdown (md) and as plain text.
type Writer struct {
	md    bytes.Buffer
	plain strings.Builder

	// The state of the current line of md. The methods in lines.go change it.

	linePrefix     string // the marks of quotations and list items with which each new line begins
	atLineStart    bool   // nothing of the line is written yet, not even pendingMarks
	pendingMarks   string // at the start of a line: the marks that are written before its first character
	afterEmptyLine bool   // Paragraph has just written an empty line
	indentation    int    // how many spaces have to be written before the line's first word
	lineHasText    bool   // the line has more than marks and spaces
	openItems      []int  // the items in which the next one can stand, outermost first, each as the indent that Item was given

	mentions  []string
	mentioned map[string]bool // the ids in mentions
	tokens    map[string]string
}

// NewWriter begins a text.
func NewWriter() *Writer {
	return &Writer{tokens: map[string]string{}, mentioned: map[string]bool{}, atLineStart: true}
}

// Inner returns a Writer for a text that the caller adds to w afterwards, such as the inside of a quotation.
// It shares w's tokens. The caller passes its mentions on to w.Mention.
func (w *Writer) Inner() *Writer {
	return &Writer{tokens: w.tokens, mentioned: map[string]bool{}, atLineStart: true}
}

// Text returns what was written.
func (w *Writer) Text() Text {
	trim := func(s string) string { return strings.TrimRight(s, " \n") }
	return Text{Markdown: trim(w.md.String()), Plain: trim(w.plain.String()), Mentions: w.mentions, Tokens: w.tokens}
}

// Empty reports whether nothing was written yet.
func (w *Writer) Empty() bool { return w.md.Len() == 0 }

// Plain returns the plain text that was written, with the spaces at its end.
func (w *Writer) Plain() string { return w.plain.String() }

// Mentions returns the ids of those who were mentioned until now.
func (w *Writer) Mentions() []string { return w.mentions }

// Mention records that somebody is mentioned, and writes nothing.
func (w *Writer) Mention(id string) {
	if !w.mentioned[id] {
		w.mentioned[id] = true
		w.mentions = append(w.mentions, id)
	}
}

// Style is the formatting of a run.
type Style struct {
	Bold   bool
	Italic bool
	Strike bool
	Code   bool
}

// Styled appends s with its formatting. The marks of the formatting stand directly around the words of each
// line: CommonMark knows no emphasis that begins or ends with a space, or that goes over the end of a line.
func (w *Writer) Styled(s string, st Style) {
	w.plain.WriteString(s)

	if st == (Style{}) {
		w.writeMarkdown(w.escape(s))
		return
	}

	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			w.writeMarkdown(w.escape("\n"))
		}

		core := strings.TrimSpace(line)
		before, after, _ := strings.Cut(line, core)
		w.writeMarkdown(w.escape(before))
		if core == "" {
			w.writeMarkdown(w.escape(after))
			continue
		}

		w.writeMarkdown(w.takeIndentation())
		opening, closing := st.marksAround()
		body := w.escape(core)
		if st.Code {
			body = codeSpan(core)
		}

		w.writeMarkdown(opening + body + closing + after)
	}
}

// marksAround returns the marks before and behind formatted words, without those of code.
func (st Style) marksAround() (opening, closing string) {
	if st.Strike {
		opening += "~~"
	}
	if st.Bold {
		opening += "**"
	}
	if st.Italic {
		opening += "*"
	}
	reversed := []byte(opening)
	slices.Reverse(reversed)
	return opening, string(reversed)
}

// codeSpan puts s between more backticks than stand together anywhere in it.
func codeSpan(s string) string {
	fence := strings.Repeat("`", LongestRun(s, '`')+1)
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		pad = " " // CommonMark removes this space; without it, the backticks of s would join the fence
	}
	return fence + pad + s + pad + fence
}

// Preformatted writes a block of code between fences that are longer than any fence in the code.
func (w *Writer) Preformatted(code string) {
	const minFence = 3 // by CommonMark
	fence := strings.Repeat("`", max(minFence, LongestRun(code, '`')+1))
	w.BreakLine()
	w.writeMarkdown(fence + "\n" + strings.TrimSuffix(code, "\n") + "\n" + fence)
	w.plain.WriteString(code)
}

// User writes the mention of a person or group as a token, which bot/command reads.
func (w *Writer) User(id string) {
	if id == "" {
		return
	}
	w.Mention(id)
	token := MentionToken(id)
	w.tokens[token] = id
	w.plain.WriteString(token)
	w.writeMarkdown(w.takeIndentation() + token)
}

// Literal appends s without formatting. Signs of Markdown in s are escaped.
func (w *Writer) Literal(s string) {
	w.plain.WriteString(s)
	w.writeMarkdown(w.escape(s))
}

// Link writes a link. It writes only the label where a customer can't open the address, and where the label
// is a mail address or phone number that mail programs and chats link by themselves.
func (w *Writer) Link(address, label string, st Style) {
	shown := ShownAddress(address)
	label = cmp.Or(label, shown)
	linksItself := label == shown && shown != address
	needsNoLink := linksItself || st.Code
	switch {
	case needsNoLink || !canBeLink(address):
		w.Styled(label, st)
	case label == address && !strings.ContainsAny(address, "<> \n"):
		w.plain.WriteString(label)
		w.writeMarkdown(w.takeIndentation() + "<" + address + ">")
	default:
		w.writeMarkdown(w.takeIndentation())
		opening, closing := st.marksAround()
		w.plain.WriteString(label)
		target := strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "", " ", "%20").Replace(address)
		text := w.escape(strings.ReplaceAll(label, "\n", " "))
		w.endPictureMark()
		w.writeMarkdown(opening + "[" + text + "](<" + target + ">)" + closing)
	}
}

// endPictureMark escapes an exclamation mark that stands right before a link: it would make a picture of it.
func (w *Writer) endPictureMark() {
	before, isMark := bytes.CutSuffix(w.md.Bytes(), []byte("!"))
	backslashes := len(before) - len(bytes.TrimRight(before, `\`))
	if isMark && backslashes%2 == 0 {
		w.md.Truncate(len(before))
		w.md.WriteString(`\!`)
	}
}

// canBeLink reports whether a customer can open an address, by its scheme.
func canBeLink(address string) bool {
	scheme, _, found := strings.Cut(strings.ToLower(address), ":")
	return found && slices.Contains([]string{"http", "https", "mailto", "tel"}, scheme)
}

// ShownAddress returns an address as people write it.
func ShownAddress(address string) string {
	return strings.TrimPrefix(strings.TrimPrefix(address, "mailto:"), "tel:")
}
