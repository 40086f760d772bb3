package markdown

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Text is what somebody typed, as Markdown and as plain text.
type Text struct {
	Markdown string            // canonical Markdown; mentions are tokens such as <@U0ANN>
	Plain    string            // the characters as typed, without formatting
	Mentions []string          // ids of the mentioned people and groups, without duplicates
	Tokens   map[string]string // ids by mention token
}

// MentionToken returns the token for a mention of somebody in both forms of a text.
func MentionToken(id string) string { return "<@" + id + ">" }

// NameMentions replaces the mention tokens in s by names, so that customers don't see ids. names has the
// names by token.
func NameMentions(s string, names map[string]string) string {
	clean := strings.NewReplacer("*", "", "_", " ", "`", "", "[", "", "]", "", "<", "", ">", "", "\\", "")
	var pairs []string
	for _, token := range slices.Sorted(maps.Keys(names)) {
		shown := "a colleague" // for unknown names
		if name := clean.Replace(names[token]); name != "" {
			shown = "@" + name
		}
		pairs = append(pairs, token, shown)
	}
	return strings.NewReplacer(pairs...).Replace(s) // in one pass, because a name and the text around it may look like another token
}

// Writer builds a text in two forms, Markdown (md) and plain text. Surfaces use it to convert what somebody
// typed: they call Styled, Link, Item and so on for each element of their own format, and then Text.
type Writer struct {
	md    bytes.Buffer
	plain strings.Builder

	// State of the current line of md, maintained by lines.go.

	linePrefix     string // marks of the enclosing quotations and list items, with which each line begins
	atLineStart    bool   // nothing of the line is written, not even pendingMarks
	pendingMarks   string // marks to write before the first character of the line
	afterEmptyLine bool   // the previous line is one that Paragraph left empty
	indentation    int    // spaces to write before the first word of the line
	lineHasText    bool   // whether the line has more than marks and spaces
	openItems      []int  // possible parents of the next item, outermost first: their indents as passed to Item

	mentions  []string
	mentioned map[string]bool // set of the ids in mentions
	tokens    map[string]string
}

// NewWriter returns a Writer for a new text.
func NewWriter() *Writer {
	return &Writer{tokens: map[string]string{}, mentioned: map[string]bool{}, atLineStart: true}
}

// Inner returns a Writer for a part of w's text that the caller adds to w later, such as the content of a
// quotation. It shares w's tokens. The caller passes its mentions to w.Mention.
func (w *Writer) Inner() *Writer {
	return &Writer{tokens: w.tokens, mentioned: map[string]bool{}, atLineStart: true}
}

// Text returns the text so far, without trailing spaces and line breaks.
func (w *Writer) Text() Text {
	trim := func(s string) string { return strings.TrimRight(s, " \n") }
	return Text{Markdown: trim(w.md.String()), Plain: trim(w.plain.String()), Mentions: w.mentions, Tokens: w.tokens}
}

// Empty reports whether nothing has been written yet.
func (w *Writer) Empty() bool { return w.md.Len() == 0 }

// Plain returns the plain text so far, with trailing spaces.
func (w *Writer) Plain() string { return w.plain.String() }

// Mentions returns the ids of all mentions so far.
func (w *Writer) Mentions() []string { return w.mentions }

// Mention records a mention without writing anything.
func (w *Writer) Mention(id string) {
	if !w.mentioned[id] {
		w.mentioned[id] = true
		w.mentions = append(w.mentions, id)
	}
}

// Style is the formatting of a Run.
type Style struct {
	Bold   bool
	Italic bool
	Strike bool
	Code   bool
}

// Styled appends formatted text. The marks of the formatting enclose the words of each line without the spaces
// around them, because CommonMark has no emphasis that begins or ends with a space or spans several lines.
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

// marksAround returns the Markdown marks before and after formatted text, except those of code.
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

// codeSpan encloses s in more backticks than it has in a row.
func codeSpan(s string) string {
	fence := strings.Repeat("`", LongestRun(s, '`')+1)
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		pad = " " // separates the backticks of s from the fence; CommonMark removes it
	}
	return fence + pad + s + pad + fence
}

// Preformatted writes a code block. Its fences are longer than any fence in the code.
func (w *Writer) Preformatted(code string) {
	const minFence = 3 // required by CommonMark
	fence := strings.Repeat("`", max(minFence, LongestRun(code, '`')+1))
	w.BreakLine()
	w.writeMarkdown(fence + "\n" + strings.TrimSuffix(code, "\n") + "\n" + fence)
	w.plain.WriteString(code)
}

// User writes a mention of a person or group as a token, which bot/command reads.
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

// Literal appends s without formatting, and escapes Markdown characters in it.
func (w *Writer) Literal(s string) {
	w.plain.WriteString(s)
	w.writeMarkdown(w.escape(s))
}

// Link writes a link. It writes only the label if a customer can't open the address, or if the label is a
// mail address or phone number that mail programs and chats link by themselves.
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
		w.escapeImageMark()
		w.writeMarkdown(opening + "[" + text + "](<" + target + ">)" + closing)
	}
}

// escapeImageMark escapes an exclamation mark directly before a link, which would turn the link into an image.
func (w *Writer) escapeImageMark() {
	before, isMark := bytes.CutSuffix(w.md.Bytes(), []byte("!"))
	backslashes := len(before) - len(bytes.TrimRight(before, `\`))
	if isMark && backslashes%2 == 0 {
		w.md.Truncate(len(before))
		w.md.WriteString(`\!`)
	}
}

// canBeLink reports whether customers can open an address, judging by its scheme.
func canBeLink(address string) bool {
	scheme, _, found := strings.Cut(strings.ToLower(address), ":")
	return found && slices.Contains([]string{"http", "https", "mailto", "tel"}, scheme)
}

// ShownAddress returns an address as people write it, without "mailto:" or "tel:".
func ShownAddress(address string) string {
	return strings.TrimPrefix(strings.TrimPrefix(address, "mailto:"), "tel:")
}
