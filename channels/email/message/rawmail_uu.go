package message

import (
	"bytes"
	"regexp"
)

// This file decodes uuencoded files, with which mail programs sent files before MIME:
//
//	begin 644 cat.txt
//	#0V%T
//	`
//	end
//
// Each line begins with a character for its number of bytes. Four digits encode three bytes.

// UUFile is a file that was found in a text.
type UUFile struct {
	Name    string // as written; may be unsafe
	Content []byte
}

// uuBegin matches the first line, with the mode and name of the file.
var uuBegin = regexp.MustCompile(`^begin [0-7]{3,4} (\S.*)$`)

// maxUUFiles is the maximum number of files in one text. A hostile text could contain one in every 25 bytes.
const maxUUFiles = 500

// CutUUFiles removes uuencoded files from a text. It returns the rest of the text and the files, at most maxUUFiles. An
// incomplete file stays in the text, because a line that begins with "begin" may also have been written by a person.
func CutUUFiles(text []byte) (rest []byte, files []UUFile) {
	for at := 0; at < len(text); {
		line, after := cutLine(text[at:])
		next := len(text) - len(after) // the index of the next line
		if m := uuBegin.FindSubmatch(line); m != nil && len(files) < maxUUFiles {
			if content, size, ok := readUUFile(after); ok {
				files = append(files, UUFile{Name: string(m[1]), Content: content})
				at = next + size
				continue
			}
		}
		rest = append(rest, text[at:next]...)
		at = next
	}
	return rest, files
}

// readUUFile decodes the lines after the first one, up to and including "end". size is their length in the text. ok is
// false if the file is empty or incomplete.
func readUUFile(text []byte) (content []byte, size int, ok bool) {
	for rest := text; len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		if string(line) == "end" {
			return content, len(text) - len(rest), len(content) > 0
		}
		if !isUULine(line) {
			return nil, 0, false
		}
		if len(line) > 0 {
			content = appendUULine(content, line)
		}
	}
	return nil, 0, false
}

// isUULine reports whether a line consists of uuencode digits, and of enough for the number of bytes that it declares.
func isUULine(line []byte) bool {
	if len(line) == 0 {
		return true // zero bytes; the space that says so was trimmed
	}
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	const bitsPerByte = 8
	return (len(line)-1)*bitsPerDigit >= uuValue(line[0])*bitsPerByte
}

// cutLine returns the first line of a text without its line end, and the rest.
func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte("\n"))
	return bytes.TrimRight(line, "\r"), rest
}

// decodeUU decodes the first file of a part whose transfer encoding is uuencode. Unlike CutUUFiles, it accepts a file
// without its end. ok is false if there is no file.
func decodeUU(b []byte) (out []byte, ok bool) {
	hasBegun := false
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, "\r\n")
		if !hasBegun {
			hasBegun = bytes.HasPrefix(line, []byte("begin "))
			continue
		}
		if bytes.Equal(line, []byte("end")) {
			return out, true
		}
		if len(line) > 0 {
			out = appendUULine(out, line)
		}
	}

	return out, hasBegun
}

// appendUULine decodes one line and appends its bytes to out. It ignores digits beyond the declared number of bytes.
func appendUULine(out, line []byte) []byte {
	bytesLeft := uuValue(line[0])
	var queue bitQueue
	for _, c := range line[1:] {
		if bytesLeft == 0 {
			break
		}
		queue.push(uuValue(c))
		if queue.hasByte() {
			out = append(out, queue.pop())
			bytesLeft--
		}
	}
	return out
}

// uuValue returns the value of a uuencode digit. Space is 0, and so is "`", which many programs write instead.
func uuValue(c byte) int { return int((c - ' ') & (1<<bitsPerDigit - 1)) }
