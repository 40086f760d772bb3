package message

import "bytes"

// decodeUU decodes a part whose transfer encoding is uuencode, with which mail programs sent files before MIME:
//
//	begin 644 cat.txt
//	#0V%T
//	`
//	end
//
// Each line begins with a character for its number of bytes. It accepts a file without its end, and appends a footer below
// it, as decodeTransfer does. Bytes that aren't such a file stay as they came.
func decodeUU(b []byte) []byte {
	file := bytes.TrimLeft(b, "\r\n")
	if !bytes.HasPrefix(file, []byte("begin ")) { // with words above it, these would be lost
		return b
	}

	_, code, _ := bytes.Cut(file, []byte("\n"))
	out := make([]byte, 0, len(code)*3/base64Group)
	for len(code) > 0 {
		var line []byte
		line, code, _ = bytes.Cut(code, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if bytes.Equal(line, []byte("end")) {
			break
		}
		if len(line) > 0 {
			out = appendUULine(out, line)
		}
	}

	if len(out) == 0 {
		return b
	}
	return append(out, bytes.TrimSpace(code)...)
}

// appendUULine decodes a line and appends its bytes. It ignores digits beyond the declared number of bytes.
func appendUULine(out, line []byte) []byte {
	end := len(out) + uuValue(line[0])
	var queue bitQueue
	for _, c := range line[1:] {
		queue.push(uuValue(c))
		if queue.hasByte() && len(out) < end {
			out = append(out, queue.pop())
		}
	}
	return out
}

// uuValue returns the value of a digit. Space is 0, and so is "`", which many programs write instead.
func uuValue(c byte) int { return int((c - ' ') & (1<<bitsPerDigit - 1)) }
