package message

import "strings"

// Unflow joins the soft-broken lines of format=flowed text (RFC 3676). With delsp, the space at which
// a line was broken is dropped.
func Unflow(text string, delsp bool) string {
	var out strings.Builder
	open := false  // the next line continues this one, if it is quoted as deeply
	openDepth := 0 // how deeply this line is quoted
	for i, line := range strings.Split(text, "\n") {
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}

		line = line[depth:]
		line = strings.TrimPrefix(line, " ") // space-stuffing
		isSeparator := line == "-- "         // above a signature: a line of its own, although it ends in a space
		isJoined := open && depth == openDepth && !isSeparator
		if !isJoined {
			if i > 0 {
				out.WriteByte('\n')
			}
			if depth > 0 {
				out.WriteString(strings.Repeat(">", depth) + " ")
			}
		}

		open = strings.HasSuffix(line, " ") && !isSeparator
		openDepth = depth

		if open && delsp {
			line = line[:len(line)-1]
		}

		out.WriteString(line)
	}

	return out.String()
}
