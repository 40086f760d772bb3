package email

import "strings"

// unflow joins the soft-broken lines of format=flowed text (RFC 3676). delsp
// drops the blank at which a line was broken.
func unflow(text string, delsp bool) string {
	var out strings.Builder
	open, openDepth := false, 0 // the last line goes on
	for i, line := range strings.Split(text, "\n") {
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		line = line[depth:]
		line = strings.TrimPrefix(line, " ") // stuffed
		joined := open && depth == openDepth && line != "-- "
		if !joined {
			if i > 0 {
				out.WriteByte('\n')
			}
			if depth > 0 {
				out.WriteString(strings.Repeat(">", depth) + " ")
			}
		}
		open, openDepth = strings.HasSuffix(line, " ") && line != "-- ", depth
		if open && delsp {
			line = line[:len(line)-1]
		}
		out.WriteString(line)
	}
	return out.String()
}
