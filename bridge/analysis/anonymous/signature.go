package anonymous

import (
	"regexp"
	"slices"
	"strings"
)

const (
	maxSignatureLines = 8 // below the closing ("Kind regards")
	maxSignatureWords = 8 // of a line; a longer one is a sentence
)

// Unsigned returns a message without its closing ("Kind regards") and the signature below the closing: who wrote, where they
// work, how to reach them. Person.Text can't find these names, since they need not be the customer's. A postscript stays.
func Unsigned(text string) string {
	lines := strings.Split(text, "\n")
	// A closing further up than a signature is long belongs to what is said.
	for i := max(0, len(lines)-maxSignatureLines-1); i < len(lines); i++ {
		if !isClosing(lines[i]) {
			continue
		}

		signatureEnd := len(lines)
		if ps := slices.IndexFunc(lines[i:], postscript.MatchString); ps >= 0 {
			signatureEnd = i + ps
		}

		if !slices.ContainsFunc(lines[i:signatureEnd], isSentence) {
			above := strings.TrimSpace(strings.Join(lines[:i], "\n"))
			below := strings.Join(lines[signatureEnd:], "\n")
			return strings.TrimSpace(above + "\n\n" + below)
		}
	}

	return text
}

// postscript matches the first line of a postscript: "PS: …", "P.S. …".
var postscript = regexp.MustCompile(`(?i)^\s*(?:pp?s|p\.(?:p\.)?s\.)(?:\W|$)`)

// isSentence reports whether a line says or asks something, so that it isn't a line of a signature: it is long, or has a
// question mark.
func isSentence(line string) bool {
	return len(strings.Fields(line)) > maxSignatureWords || strings.ContainsAny(line, "?¿")
}

// isClosing reports whether a line is a letter's closing, such as "Kind regards, Ann", or the mark "--" above a signature.
func isClosing(line string) bool {
	if strings.TrimRight(line, " \r") == "--" {
		return true
	}
	isMark := func(r rune) bool { return strings.ContainsRune(" ,.!\r", r) }
	words := strings.Join(strings.FieldsFunc(fold(line), isMark), " ")
	return slices.ContainsFunc(closings(), func(closing string) bool { return strings.HasPrefix(words+" ", closing+" ") })
}

// closings returns how letters end, as fold writes it.
func closings() []string {
	return []string{
		// English
		"regards", "kind regards", "best regards", "warm regards", "best wishes", "all the best", "yours", "sincerely", "cheers", "many thanks",
		// German
		"mit freundlichen", "freundliche gruße", "freundliche grusse", "mit besten", "beste gruße", "beste grusse", "viele gruße", "viele grusse",
		"liebe gruße", "liebe grusse", "herzliche gruße", "herzliche grusse", "gruß", "gruße", "mfg", "vg", "lg",
		// French
		"cordialement", "bien cordialement", "bien a vous", "salutations", "meilleures salutations", "sinceres salutations",
		// Spanish
		"saludos", "un saludo", "atentamente", "cordialmente", "un abrazo",
		// Portuguese
		"cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos", "atenciosamente", "att", "abraco", "um abraco",
		// Italian
		"cordiali saluti", "distinti saluti", "saluti", "un saluto",
		// Dutch
		"met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet", "groet", "groeten", "groetjes",
		// Polish
		"z powazaniem", "pozdrawiam", "z wyrazami szacunku",
	}
}
