package markdown

import (
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// Long texts are parsed in chunks. The parser's time grows with the square of the length of a hostile text,
// so no chunk may be long.
const (
	softChunkBytes = 12 << 10 // a chunk of this size ends at the next empty line outside of code
	maxChunkBytes  = 24 << 10 // a chunk without such a line ends here, even in the middle of a line
)

// lineHeadBytes is how much of a line is examined to find out whether it is empty or a code fence.
const lineHeadBytes = 80

// splitChunks splits a text into chunks whose concatenation is the text. Where possible it splits between
// paragraphs, and not inside of a code block.
func splitChunks(md string) []string {
	var out []string
	chunkStart, inFence := 0, false
	for lineStart := 0; lineStart < len(md); {
		lineEnd := len(md)
		if length := strings.IndexByte(md[lineStart:], '\n'); length >= 0 {
			lineEnd = lineStart + length + 1
		}

		line := strings.TrimSpace(md[lineStart:min(lineEnd, lineStart+lineHeadBytes)])
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			inFence = !inFence
		}

		for lineEnd-chunkStart > maxChunkBytes {
			cut := lineStart
			if cut == chunkStart { // the chunk is a single long line
				cut = chunkStart + cutInLine(md[chunkStart:min(lineEnd, chunkStart+maxChunkBytes)])
			}

			out = append(out, md[chunkStart:cut])
			chunkStart = cut
			lineStart = max(lineStart, cut)
		}

		isBetweenParagraphs := line == "" && !inFence
		if isBetweenParagraphs && lineEnd-chunkStart > softChunkBytes {
			out = append(out, md[chunkStart:lineEnd])
			chunkStart = lineEnd
		}

		lineStart = lineEnd
	}

	if chunkStart < len(md) {
		out = append(out, md[chunkStart:])
	}

	return out
}

// escapeFirstChar escapes the first character of a chunk that begins in the middle of a line. Otherwise it
// might start a quotation, list, rule or heading.
func escapeFirstChar(chunk string) string {
	words := strings.TrimLeft(chunk, " \t")
	if words == "" || words[0] >= utf8.RuneSelf {
		return chunk
	}
	if !util.IsPunct(words[0]) || words[0] == '\\' {
		return chunk
	}
	return chunk[:len(chunk)-len(words)] + `\` + words
}
