package wamark

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse turns a WhatsApp text into canonical Markdown that shows what WhatsApp shows:
// its marks act, everything else is text. Line ends stay line ends.
func Parse(text string) string {
	var out []string
	for i, piece := range strings.Split(clean(text), "```") {
		switch {
		case i%2 == 0:
			out = append(out, piece)
		default:
			out = append(out, "```"+piece)
		}
	}
	if len(out)%2 == 0 { // the last fence has no end: it is text
		out[len(out)-2] += out[len(out)-1]
		out = out[:len(out)-1]
	}
	return assemble(out)
}

// assemble joins texts and, at odd places, code.
func assemble(pieces []string) string {
	var blocks []string
	line := "" // of inline code, what belongs to the same lines
	for i, piece := range pieces {
		code := strings.TrimPrefix(piece, "```")
		switch {
		case i%2 == 0:
			line += "\x00t" + piece
		case strings.Contains(strings.Trim(code, "\n"), "\n"):
			blocks = append(blocks, lines(line), fence(strings.Trim(code, "\n")))
			line = ""
		case strings.TrimSpace(code) == "":
			line += "\x00t" + piece + "```"
		default:
			line += "\x00c" + strings.Trim(code, "\n") + "\x00"
		}
	}
	blocks = append(blocks, lines(line))
	var kept []string
	for _, b := range blocks {
		if b = strings.Trim(b, "\n"); b != "" {
			kept = append(kept, b)
		}
	}
	return strings.Join(kept, "\n\n")
}

// fence writes a block of code with a fence that the code doesn't have.
func fence(code string) string {
	return "````\n" + code + "\n````"
}

// Escape turns plain text into canonical Markdown that shows the same text: nothing in
// it acts. Line ends stay; of several empty lines one stays.
func Escape(text string) string {
	return paragraphs(clean(text), func(line string) string {
		return escapeLine(line, escapeInline)
	})
}

// clean drops what no text holds.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\x00", "").Replace(text)
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}

// paragraphs writes a text line by line.
func paragraphs(text string, write func(string) string) string {
	var out strings.Builder
	blank := false
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

// listMark is how a line of a list begins on WhatsApp.
var listMark = regexp.MustCompile(`^(?:[-*] |[0-9]{1,9}\. )`)

// lines writes WhatsApp's lines. Code that stood between fences on one line is between
// "\x00c" and "\x00"; "\x00t" is text again.
func lines(text string) string {
	last := ""
	return paragraphs(text, func(line string) string {
		kind, out := "", ""
		bare := strings.TrimPrefix(line, "\x00t")
		switch {
		case strings.HasPrefix(bare, "> "):
			kind, out = "> ", "> "+escapeLine(strings.TrimLeft(bare[2:], " "), marks)
		case listMark.MatchString(bare):
			mark := listMark.FindString(bare)
			kind = "list"
			if mark == "* " {
				mark = "- "
			}
			out = mark + escapeLine(strings.TrimLeft(bare[len(mark):], " "), marks)
		default:
			out = escapeLine(bare, marks)
		}
		if last != "" && kind != last { // what follows a list or a quote is no part of it
			out = "\n" + out
		}
		last = kind
		return out
	})
}

// marks writes a line with its inline marks.
func marks(line string) string {
	var out strings.Builder
	for i, piece := range strings.Split(line, "\x00") {
		switch {
		case i == 0:
			out.WriteString(inline(piece, 0))
		case strings.HasPrefix(piece, "c"):
			out.WriteString(codeSpan(piece[1:]))
		default:
			out.WriteString(inline(strings.TrimPrefix(piece, "t"), 0))
		}
	}
	return out.String()
}

// codeSpan writes code inside a line.
func codeSpan(code string) string {
	ticks := "`"
	for strings.Contains(code, ticks) {
		ticks += "`"
	}
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") {
		code = " " + code + " "
	}
	return ticks + code + ticks
}

// maxNesting bounds marks inside marks.
const maxNesting = 4

// inline writes text with WhatsApp's marks as Markdown.
func inline(s string, depth int) string {
	var out strings.Builder
	from := 0
	for i := 0; i < len(s) && depth < maxNesting; {
		end := closing(s, i)
		if end < 0 || insideURL(s, i) {
			i++
			continue
		}
		out.WriteString(escapeInline(s[from:i]))
		inner := s[i+1 : end]
		switch s[i] {
		case '`':
			out.WriteString(codeSpan(inner))
		case '*':
			out.WriteString("**" + inline(inner, depth+1) + "**")
		case '_':
			out.WriteString("*" + inline(inner, depth+1) + "*")
		case '~':
			out.WriteString("~~" + inline(inner, depth+1) + "~~")
		}
		i = end + 1
		from = i
	}
	out.WriteString(escapeInline(s[from:]))
	return out.String()
}

// closing gives where the mark that opens at s[i] is closed, -1 if it doesn't open.
func closing(s string, i int) int {
	mark := s[i]
	if strings.IndexByte("*_~`", mark) < 0 || i > 0 && (wordBefore(s, i) || s[i-1] == mark) || i+2 >= len(s) {
		return -1
	}
	if r, _ := utf8.DecodeRuneInString(s[i+1:]); unicode.IsSpace(r) || s[i+1] == mark {
		return -1
	}
	for end := i + 2; end < len(s); end++ {
		if s[end] != mark {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:end])
		after, _ := utf8.DecodeRuneInString(s[end+1:])
		if !unicode.IsSpace(before) && (end+1 == len(s) || !wordRune(after) && after != rune(mark)) {
			return end
		}
	}
	return -1
}

func wordBefore(s string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return wordRune(r)
}

// insideURL reports whether s[i] is part of an address.
func insideURL(s string, i int) bool {
	for _, at := range urlPattern.FindAllStringIndex(s, -1) {
		if at[0] <= i && i < at[0]+len(trimURL(s[at[0]:at[1]])) {
			return true
		}
	}
	return false
}
