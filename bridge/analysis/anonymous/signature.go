package anonymous

import (
	"regexp"
	"slices"
	"strings"
)

const (
	maxSignatureLines = 8 // below the closing ("Kind regards")
	maxSignatureWords = 8 // in one line; a longer line is a sentence
)

// Unsigned returns a message without its closing and signature: without the lines from "Kind regards" on, which name the
// sender, a company or a phone number. Person.Text wouldn't find all of these names, because a signature need not name
// the known customer. A postscript below the signature is kept.
func Unsigned(text string) string {
	lines := strings.Split(text, "\n")
	// A closing followed by more lines than a signature has is part of the message.
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

// isSentence reports whether a line is too long for a signature, or asks something.
func isSentence(line string) bool {
	return len(strings.Fields(line)) > maxSignatureWords || strings.ContainsAny(line, "?¿")
}

// isClosing reports whether a line is a closing, such as "Kind regards, Ann", or the signature delimiter "--".
func isClosing(line string) bool {
	if strings.TrimRight(line, " \r") == "--" {
		return true
	}
	isMark := func(r rune) bool { return strings.ContainsRune(" ,.!\r", r) }
	words := strings.Join(strings.FieldsFunc(fold(line), isMark), " ")
	return slices.ContainsFunc(closings(), func(closing string) bool { return strings.HasPrefix(words+" ", closing+" ") })
}

// closings returns the words with which letters end, as fold returns them.
func closings() []string {
	return []string{
		// English
		"regards", "kind regards", "best regards", "warm regards", "best wishes", "all the best", "yours", "sincerely",
		"cheers", "many thanks",
		// German
		"mit freundlichen", "freundliche gruße", "freundliche grusse", "mit besten", "beste gruße", "beste grusse",
		"viele gruße", "viele grusse", "liebe gruße", "liebe grusse", "herzliche gruße", "herzliche grusse", "gruß", "gruße", "mfg", "vg", "lg",
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
