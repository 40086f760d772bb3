package anonymous

import (
	"regexp"
	"slices"
	"strings"
)

// What a signature has at most: lines, and words in each of them.
const (
	signatureLines = 8
	signatureWords = 8
)

// Unsigned returns a message without what stands below the greeting at its end: who wrote it, where they work, how to
// reach them. No list knows these names. A postscript below it stays.
func Unsigned(text string) string {
	lines := strings.Split(text, "\n")
	for i := max(0, len(lines)-signatureLines-1); i < len(lines); i++ {
		if !isSignatureStart(lines[i]) {
			continue
		}

		end := len(lines)
		if ps := slices.IndexFunc(lines[i:], postscript.MatchString); ps >= 0 {
			end = i + ps
		}

		if !slices.ContainsFunc(lines[i:end], isSentence) {
			above := strings.TrimSpace(strings.Join(lines[:i], "\n"))
			below := strings.Join(lines[end:], "\n")
			return strings.TrimSpace(above + "\n\n" + below)
		}
	}

	return text
}

// postscript matches the first line of a postscript: "PS: …", "P.S. …".
var postscript = regexp.MustCompile(`(?i)^\s*(?:pp?s|p\.(?:p\.)?s\.)(?:\W|$)`)

// isSentence reports whether a line says or asks something, as none of a signature does.
func isSentence(line string) bool {
	return len(strings.Fields(line)) > signatureWords || strings.ContainsAny(line, "?¿")
}

// isSignatureStart reports whether a line ends a letter: "--", "Kind regards".
func isSignatureStart(line string) bool {
	if strings.TrimRight(line, " \r") == "--" {
		return true
	}
	isMark := func(r rune) bool { return strings.ContainsRune(" ,.!\r", r) }
	words := strings.Join(strings.FieldsFunc(fold(line), isMark), " ")
	return slices.ContainsFunc(closings(), func(closing string) bool { return words == closing || strings.HasPrefix(words, closing+" ") })
}

// closings returns how letters end, folded.
func closings() []string {
	return []string{
		"regards", "kind regards", "best regards", "warm regards", "best wishes", "all the best", "yours", "sincerely", "cheers", "many thanks",
		"mit freundlichen", "freundliche gruße", "freundliche grusse", "mit besten", "beste gruße", "beste grusse", "viele gruße", "viele grusse",
		"liebe gruße", "liebe grusse", "herzliche gruße", "herzliche grusse", "gruß", "gruße", "mfg", "vg", "lg",
		"cordialement", "bien cordialement", "bien a vous", "salutations", "meilleures salutations", "sinceres salutations",
		"saludos", "un saludo", "atentamente", "cordialmente", "un abrazo", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos",
		"atenciosamente", "att", "abraco", "um abraco", "cordiali saluti", "distinti saluti", "saluti", "un saluto",
		"met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet", "groet", "groeten", "groetjes",
		"z powazaniem", "pozdrawiam", "z wyrazami szacunku",
	}
}
