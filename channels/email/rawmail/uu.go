package rawmail

import (
	"bytes"
	"regexp"
)

// UUFile is a file that stood uuencoded in a text.
type UUFile struct {
	Name    string // as it is written, perhaps not safe
	Content []byte
}

// uuBegin matches the line before a uuencoded file, with its mode and its name.
var uuBegin = regexp.MustCompile(`^begin [0-7]{3,4} (\S.*)$`)

// maxUUFiles is how many uuencoded files are taken out of one text. A hostile text can have a file in every 25 bytes.
const maxUUFiles = 500

// CutUUFiles takes uuencoded files out of a text, as programs send them that know no MIME. It returns the rest of the text. What is not
// a whole file, from its first line to its last one, stays text: people write "begin", too. So do files behind the first maxUUFiles.
func CutUUFiles(text []byte) (rest []byte, files []UUFile) {
	for at := 0; at < len(text); {
		line, behind := cutLine(text[at:])
		if m := uuBegin.FindSubmatch(line); m != nil && len(files) < maxUUFiles {
			if content, bytes, ok := readUUFile(behind); ok {
				files = append(files, UUFile{Name: string(m[1]), Content: content})
				at = len(text) - len(behind) + bytes
				continue
			}
		}
		rest = append(rest, text[at:len(text)-len(behind)]...)
		at = len(text) - len(behind)
	}
	return rest, files
}

// readUUFile reads the lines of a uuencoded file and its end. size is how many bytes they take. ok is false if the text goes on
// otherwise.
func readUUFile(text []byte) (content []byte, size int, ok bool) {
	for behind := text; len(behind) > 0; {
		var line []byte
		line, behind = cutLine(behind)
		if string(line) == "end" {
			return content, len(text) - len(behind), len(content) > 0
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

// isUULine reports whether a line has nothing but digits of uuencode, and enough of them for the bytes that it announces.
func isUULine(line []byte) bool {
	if len(line) == 0 {
		return true // of no bytes, where a blank was cut off
	}
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	const bitsPerByte = 8
	return (len(line)-1)*bitsPerDigit >= uuValue(line[0])*bitsPerByte
}

// cutLine returns the first line of a text without its end, and what is behind it.
func cutLine(text []byte) (line, behind []byte) {
	line, behind, _ = bytes.Cut(text, []byte("\n"))
	return bytes.TrimRight(line, "\r"), behind
}

// decodeUU decodes the first file of a uuencoded text. ok is false if there is no file. A file without its end
// counts: what is there of it is worth showing.
func decodeUU(b []byte) (out []byte, ok bool) {
	begun := false
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, "\r\n")
		if !begun {
			begun = bytes.HasPrefix(line, []byte("begin "))
			continue
		}
		if bytes.Equal(line, []byte("end")) {
			return out, true
		}
		if len(line) > 0 {
			out = appendUULine(out, line)
		}
	}

	return out, begun
}

// appendUULine decodes one line. Its first character says how many bytes the line holds; digits behind them are fill.
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

// uuValue returns the value of a digit of uuencode: a space is 0, and so is the "`" that many programs write instead.
func uuValue(c byte) int { return int((c - ' ') & (1<<bitsPerDigit - 1)) }
