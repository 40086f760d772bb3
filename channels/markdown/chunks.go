package markdown

import (
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// Sizes of what is parsed at once: a parser's time grows with the square of hostile text.
const (
	chunkBytes = 12 << 10 // from here on a text is cut at the next empty line
	chunkMost  = 24 << 10 // here it is cut wherever it is
)

// chunks cuts a long text between paragraphs, outside of code where possible.
func chunks(md string) []string {
	var out []string
	begin, fenced := 0, false
	for at := 0; at < len(md); {
		end := len(md)
		if n := strings.IndexByte(md[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		line := strings.TrimSpace(md[at:min(end, at+80)])
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			fenced = !fenced
		}
		for end-begin > chunkMost {
			cut := at
			if cut == begin { // one endless line
				cut = begin + len(Cut(md[begin:min(end, begin+chunkMost)], chunkMost/4))
				if slashes := cut - len(strings.TrimRight(md[begin:cut], `\`)) - begin; slashes%2 == 1 {
					cut-- // the last backslash stays with the sign that it protects
				}
			}
			out = append(out, md[begin:cut])
			begin, at = cut, max(at, cut)
		}
		if line == "" && !fenced && end-begin > chunkBytes {
			out = append(out, md[begin:end])
			begin = end
		}
		at = end
	}
	if begin < len(md) {
		out = append(out, md[begin:])
	}
	return out
}

// unbroken gives a chunk that begins inside of a line with its first sign protected, so that
// the sign starts no quote, list, line or heading there.
func unbroken(chunk string) string {
	words := strings.TrimLeft(chunk, " \t")
	if words == "" || words[0] >= utf8.RuneSelf || !util.IsPunct(words[0]) || words[0] == '\\' {
		return chunk
	}
	return chunk[:len(chunk)-len(words)] + `\` + words
}
