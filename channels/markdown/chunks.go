package markdown

import (
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// Sizes of the chunks that are parsed one by one. The time of a parser grows with the square of the length
// of hostile text, so no chunk may be long.
const (
	softChunkBytes = 12 << 10 // from this length on, a chunk ends at the next empty line outside of code
	maxChunkBytes  = 24 << 10 // a chunk that found no empty line ends here, even inside of a line
)

// lineHeadBytes is how much of a line is looked at to find out whether it is empty or a fence of code.
const lineHeadBytes = 80

// splitChunks cuts a long text into chunks that together are the text: between paragraphs, and outside of
// code where possible.
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
			if cut == chunkStart { // the chunk is one endless line
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

// protectFirstSign puts a backslash before the first sign of a chunk that begins inside of a line. Without
// it, the sign could start a quotation, list, rule or heading.
func protectFirstSign(chunk string) string {
	words := strings.TrimLeft(chunk, " \t")
	if words == "" || words[0] >= utf8.RuneSelf {
		return chunk
	}
	if !util.IsPunct(words[0]) || words[0] == '\\' {
		return chunk
	}
	return chunk[:len(chunk)-len(words)] + `\` + words
}
