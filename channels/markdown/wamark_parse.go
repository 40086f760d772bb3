package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file parses WhatsApp's formatting: *bold*, _italic_, ~strikethrough~, `code`, ``` blocks, lists and
// quotes. Parley stores all messages in one normalized form of Markdown ("canonical Markdown"). Render does
// the reverse.

// Parse converts a WhatsApp text to canonical Markdown that displays as WhatsApp displays the text.
// WhatsApp's formatting is converted, and everything else is escaped. Line breaks are kept. For example:
//
//	*Hi* _there_ #1   becomes   **Hi** *there* #1
//
// The text is split at its code blocks, then into lines, and each line is searched for marks: the characters
// * _ ~ and `.
func Parse(text string) string {
	var out []string
	for i, piece := range strings.Split(cleanText(text), "```") {
		if i%2 == 1 { // inside a code block
			piece = "```" + piece
		}
		out = append(out, piece)
	}
	if len(out)%2 == 0 { // the last fence isn't closed, so it is text
		out[len(out)-2] += out[len(out)-1]
		out = out[:len(out)-1]
	}
	return joinPieces(out)
}

// A code block that is a single line is displayed within its line of text. To process that line as a whole,
// text and code are joined with a marker before each: a NUL character, which cleanText has removed from the
// text, and a letter.
const (
	nul        = "\x00"
	textLetter = "t"
	codeLetter = "c"
	textMark   = nul + textLetter
	codeMark   = nul + codeLetter // the code ends at the next NUL
)

// joinPieces converts pieces to Markdown. Pieces with an even index are text, and those with an odd index are
// code. Single-line code remains in its line of text, longer code becomes a block, and blank code is treated
// as text.
func joinPieces(pieces []string) string {
	var blocks []string
	var line strings.Builder // input of writeLines: text and single-line code
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

// fencedCode returns a code block with fences of four backticks. The code can't contain these, because it was
// delimited by three.
func fencedCode(code string) string { return "````\n" + code + "\n````" }

// Escape converts plain text to canonical Markdown that displays as the same text, without any formatting.
// Line breaks are kept, and consecutive empty lines become one.
func Escape(text string) string {
	return writeParagraphs(cleanText(text), func(line string) string {
		return escapeLine(line, escapeInline)
	})
}

// cleanText removes control characters and normalizes line endings.
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

// isRemoved reports whether cleanText removes r, because it is a control character other than newline and
// tab.
func isRemoved(r rune) bool {
	isBlank := r == '\n' || r == '\t'
	return !isBlank && unicode.IsControl(r)
}

func isChangedByClean(r rune) bool {
	isLineEnd := r == '\u2028' || r == '\u2029' // Unicode's line and paragraph separators
	return isLineEnd || isRemoved(r)
}

// writeParagraphs converts a text line by line with the function write. Consecutive empty lines become one.
func writeParagraphs(text string, write func(string) string) string {
	var out strings.Builder
	blank := false // an empty line precedes the current one
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

// maxListDigits is the maximum number of digits of a list number.
const maxListDigits = 9

// listMarkLength returns the length of the prefix of a list item in WhatsApp ("- ", "* ", "12. "), or 0 for
// other lines.
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

// lineKind is the kind of block that a line belongs to.
type lineKind int

const (
	plainLine lineKind = iota
	quoteLine
	listLine
)

// writeLines converts lines of WhatsApp's text, joined with textMark and codeMark, to Markdown.
func writeLines(text string) string {
	last := plainLine // the kind of the previous line
	return writeParagraphs(text, func(line string) string {
		kind, out := writeLine(strings.TrimPrefix(line, textMark))
		if last != plainLine && kind != last { // an empty line ends the previous list or quote
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

// writeMarks converts the text and code of a line, joined with textMark and codeMark.
func writeMarks(line string) string {
	var out strings.Builder
	for i, piece := range strings.Split(line, nul) {
		if i == 0 { // the text before the first marker
			out.WriteString(writeInline(piece, 0))
		} else if code, ok := strings.CutPrefix(piece, codeLetter); ok {
			out.WriteString(wamarkCodeSpan(code))
		} else {
			out.WriteString(writeInline(strings.TrimPrefix(piece, textLetter), 0))
		}
	}
	return out.String()
}

// codeSpan returns a Markdown code span. It uses more backticks than the code has in a row.
func wamarkCodeSpan(code string) string {
	ticks := strings.Repeat("`", LongestRun(code, '`')+1)
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") {
		code = " " + code + " "
	}
	return ticks + code + ticks
}

// maxNesting limits the nesting of marks, for example bold within italic.
const wamarkMaxNesting = 4

// writeInline converts WhatsApp's marks in a line of text to Markdown. depth is the number of marks around s.
func writeInline(s string, depth int) string {
	if depth == wamarkMaxNesting {
		return escapeInline(s)
	}

	var out strings.Builder
	from := 0 // s[:from] is written
	urls := FindURLs(s)
	ends := findMarkEnds(s)
	for i := 0; i < len(s); {
		if len(urls) > 0 && urls[0][0] <= i { // characters of a web address are not marks
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
		out.WriteString(writeMarked(s[i], s[i+1:end], depth))
		i = end + 1
		from = i
	}

	out.WriteString(escapeInline(s[from:]))
	return out.String()
}

// writeMarked converts the text between two marks. depth is the number of marks around both.
func writeMarked(mark byte, inner string, depth int) string {
	switch mark {
	case '`':
		return wamarkCodeSpan(inner)
	case '*':
		return "**" + writeInline(inner, depth+1) + "**"
	case '_':
		return "*" + writeInline(inner, depth+1) + "*"
	default: // '~'
		return "~~" + writeInline(inner, depth+1) + "~~"
	}
}

// marks are the characters with which WhatsApp formats text within a line.
const marks = "*_~`"

// markIndex returns the index of c in marks, or -1 for other characters.
func markIndex(c byte) int { return strings.IndexByte(marks, c) }

// mayOpenMark reports whether s[i] is a mark that may open formatted text. It may not if it follows a word or
// the same character, or precedes white space or the same character.
func mayOpenMark(s string, i int) bool {
	if markIndex(s[i]) < 0 || i+2 >= len(s) {
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

// markEnds has the indexes at which formatted text may end, in ascending order, for each of marks.
type markEnds [len(marks)][]int

// findMarkEnds finds all ends in one pass. A search for each opening mark would take quadratic time.
func findMarkEnds(s string) markEnds {
	var ends markEnds
	for i := 2; i < len(s); i++ {
		n := markIndex(s[i])
		if n >= 0 && mayCloseMark(s, i) {
			ends[n] = append(ends[n], i)
		}
	}
	return ends
}

// mayCloseMark reports whether the mark s[i] may close formatted text. It may not if it follows white space, or precedes
// a word or the same character.
func mayCloseMark(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	if unicode.IsSpace(before) {
		return false
	}
	if i+1 == len(s) {
		return true
	}
	after, _ := utf8.DecodeRuneInString(s[i+1:])
	return !isWordRune(after) && after != rune(s[i])
}

// next returns the first end at or after from. ok is false if there is none. It discards earlier ends, so
// from must not decrease between calls.
func (e *markEnds) next(mark byte, from int) (end int, ok bool) {
	list := &e[markIndex(mark)]
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
