package wamark

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// This file reads WhatsApp's formatting: *bold*, _italic_, ~strikethrough~, `code`, ``` blocks, lists and quotes.
// Parley stores all messages as Markdown, in one way of writing it ("canonical Markdown"). Render goes the other way.

// Parse turns a WhatsApp text into canonical Markdown that shows what WhatsApp shows: WhatsApp's marks become
// formatting, and everything else is text. Line ends are kept.
func Parse(text string) string {
	var out []string
	for i, piece := range strings.Split(cleanText(text), "```") {
		if i%2 == 1 { // inside of a fence
			piece = "```" + piece
		}
		out = append(out, piece)
	}
	if len(out)%2 == 0 { // the last fence has no end, so it is text
		out[len(out)-2] += out[len(out)-1]
		out = out[:len(out)-1]
	}
	return joinPieces(out)
}

// A line may have code between fences in its middle. Text and code of such a line are joined before it is written,
// with a mark where each of them begins: a NUL, which cleanText has removed from the text itself, and a letter.
const (
	nul        = "\x00"
	textLetter = "t"
	codeLetter = "c"
	textMark   = nul + textLetter
	codeMark   = nul + codeLetter // its code ends at the next NUL
)

// joinPieces writes pieces as Markdown. Pieces with an even index are text, those with an odd index are code. Code of
// one line stays in its line of text. Longer code becomes a block of its own. Empty code is text.
func joinPieces(pieces []string) string {
	var blocks []string
	var line strings.Builder // for writeLines
	for i, piece := range pieces {
		isText := i%2 == 0
		if isText {
			line.WriteString(textMark + piece)
			continue
		}

		code := strings.Trim(strings.TrimPrefix(piece, "```"), "\n")
		if strings.Contains(code, "\n") {
			blocks = append(blocks, writeLines(line.String()), fencedCode(code))
			line.Reset()
		} else if strings.TrimSpace(code) == "" {
			line.WriteString(textMark + piece + "```")
		} else {
			line.WriteString(codeMark + code + nul)
		}
	}

	blocks = append(blocks, writeLines(line.String()))
	var kept []string
	for _, b := range blocks {
		if b = strings.Trim(b, "\n"); b != "" {
			kept = append(kept, b)
		}
	}

	return strings.Join(kept, "\n\n")
}

// fencedCode returns a block of code between fences of four backticks. No code contains these, because it stood
// between fences of three.
func fencedCode(code string) string { return "````\n" + code + "\n````" }

// Escape turns plain text into canonical Markdown that shows the same text, without any formatting. Line ends are
// kept; of several empty lines one is kept.
func Escape(text string) string {
	return writeParagraphs(cleanText(text), func(line string) string {
		return escapeLine(line, escapeInline)
	})
}

// cleanText removes control characters and makes all line ends the same.
func cleanText(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if !strings.ContainsFunc(text, isChangedByClean) {
		return text
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\x00", "").Replace(text)
	return strings.Map(func(r rune) rune {
		if isRemoved(r) {
			return -1
		}
		return r
	}, text)
}

// isRemoved reports whether r is a control character that doesn't belong into a text.
func isRemoved(r rune) bool {
	isBlank := r == '\n' || r == '\t'
	return !isBlank && unicode.IsControl(r)
}

// isChangedByClean reports whether cleanText removes or replaces r.
func isChangedByClean(r rune) bool {
	isLineEnd := r == '\u2028' || r == '\u2029' // Unicode's own ones, of lines and paragraphs
	return isLineEnd || isRemoved(r)
}

// writeParagraphs returns a text whose lines are written by write. It keeps one of several empty lines.
func writeParagraphs(text string, write func(string) string) string {
	var out strings.Builder
	blank := false // an empty line stands before the next line
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if line == "" {
			blank = out.Len() > 0
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		if blank {
			out.WriteByte('\n')
		}

		blank = false
		out.WriteString(write(line))
	}

	return out.String()
}

// maxListDigits is how many digits the number of a list item may have.
const maxListDigits = 9

// listMarkLength returns the length of the mark with which a line of a list begins on WhatsApp: "- ", "* ",
// "12. ". It returns 0 for a line that is not in a list.
func listMarkLength(line string) int {
	if strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") {
		return 2
	}
	head := line[:min(len(line), maxListDigits)]
	digits := len(head) - len(strings.TrimLeft(head, "0123456789"))
	if digits == 0 || !strings.HasPrefix(line[digits:], ". ") {
		return 0
	}
	return digits + len(". ")
}

// lineKind says to which block a line belongs.
type lineKind int

// Kinds of lines.
const (
	plainLine lineKind = iota
	quoteLine
	listLine
)

// writeLines returns WhatsApp's lines, with textMark and codeMark in them, as Markdown.
func writeLines(text string) string {
	last := plainLine // the kind of the line before
	return writeParagraphs(text, func(line string) string {
		kind, out := writeLine(strings.TrimPrefix(line, textMark))
		if last != plainLine && kind != last { // an empty line ends the list or quote before
			out = "\n" + out
		}
		last = kind
		return out
	})
}

// writeLine returns the kind of a line, and the line as Markdown.
func writeLine(line string) (lineKind, string) {
	if quoted, ok := strings.CutPrefix(line, "> "); ok {
		return quoteLine, "> " + escapeLine(strings.TrimLeft(quoted, " "), writeMarks)
	}
	length := listMarkLength(line)
	if length == 0 {
		return plainLine, escapeLine(line, writeMarks)
	}
	listMark := line[:length]
	if listMark == "* " {
		listMark = "- "
	}
	return listLine, listMark + escapeLine(strings.TrimLeft(line[length:], " "), writeMarks)
}

// writeMarks writes a line with its inline marks.
func writeMarks(line string) string {
	var out strings.Builder
	for i, piece := range strings.Split(line, nul) {
		if i == 0 { // the text before the first mark
			out.WriteString(writeInline(piece, 0))
		} else if code, ok := strings.CutPrefix(piece, codeLetter); ok {
			out.WriteString(codeSpan(code))
		} else {
			out.WriteString(writeInline(strings.TrimPrefix(piece, textLetter), 0))
		}
	}
	return out.String()
}

// codeSpan writes code inside a line.
func codeSpan(code string) string {
	ticks := strings.Repeat("`", markdown.LongestRun(code, '`')+1)
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") {
		code = " " + code + " "
	}
	return ticks + code + ticks
}

// maxNesting bounds marks inside marks.
const maxNesting = 4

// writeInline writes text with WhatsApp's marks as Markdown.
func writeInline(s string, depth int) string {
	if depth == maxNesting {
		return escapeInline(s)
	}

	var out strings.Builder
	from := 0 // what stands before is written
	urls := markdown.FindURLs(s)
	ends := findMarkEnds(s)
	for i := 0; i < len(s); {
		if len(urls) > 0 && urls[0][0] <= i { // signs in an address are no marks
			i = max(i, urls[0][1])
			urls = urls[1:]
			continue
		}

		if !mayOpenMark(s, i) {
			i++
			continue
		}

		end, ok := ends.next(s[i], i+2)
		if !ok {
			i++
			continue
		}

		out.WriteString(escapeInline(s[from:i]))
		inner := s[i+1 : end]
		switch s[i] {
		case '`':
			out.WriteString(codeSpan(inner))
		case '*':
			out.WriteString("**" + writeInline(inner, depth+1) + "**")
		case '_':
			out.WriteString("*" + writeInline(inner, depth+1) + "*")
		case '~':
			out.WriteString("~~" + writeInline(inner, depth+1) + "~~")
		}

		i = end + 1
		from = i
	}

	out.WriteString(escapeInline(s[from:]))
	return out.String()
}

// signs are WhatsApp's marks inside of a line.
const signs = "*_~`"

// signIndex returns the index of c in signs, or -1 for other characters.
func signIndex(c byte) int { return strings.IndexByte(signs, c) }

// mayOpenMark reports whether s[i] is a mark that may begin something: no word or same sign stands before it, and no
// blank or same sign behind it.
func mayOpenMark(s string, i int) bool {
	if signIndex(s[i]) < 0 || i+2 >= len(s) {
		return false
	}
	if i > 0 {
		if isWordBefore(s, i) || s[i-1] == s[i] {
			return false
		}
	}
	r, _ := utf8.DecodeRuneInString(s[i+1:])
	return !unicode.IsSpace(r) && s[i+1] != s[i]
}

// markEnds are the places where marks may end, for each of the signs.
type markEnds [len(signs)][]int

// findMarkEnds finds all of them at once: looking for the end of each mark that opens would take
// quadratic time.
func findMarkEnds(s string) markEnds {
	var ends markEnds
	for i := 2; i < len(s); i++ {
		n := signIndex(s[i])
		if n < 0 {
			continue
		}

		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+1:])
		hasMore := i+1 < len(s)
		goesOn := isWordRune(after) || after == rune(s[i]) // such a character behind the sign makes it text
		if hasMore && goesOn {
			continue
		}
		if !unicode.IsSpace(before) {
			ends[n] = append(ends[n], i)
		}
	}

	return ends
}

// next returns the first end of a mark from a place on. ok is false if there is none. It forgets the ends before that
// place: later calls must not ask for earlier places.
func (e *markEnds) next(sign byte, from int) (end int, ok bool) {
	list := &e[signIndex(sign)]
	for len(*list) > 0 && (*list)[0] < from {
		*list = (*list)[1:]
	}
	if len(*list) == 0 {
		return 0, false
	}
	return (*list)[0], true
}

// isWordBefore reports whether a word ends before s[i].
func isWordBefore(s string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return isWordRune(r)
}
