package channels

import (
	"strings"
	"unicode"
)

// LowerAddress returns a mail address in lower case. Unlike strings.ToLower it makes no letter of ASCII from another one:
// kim@fİrm.test is the address of somebody else than kim@firm.test, because the domain's "İ" is no capital of "i".
// Source: Unicode Technical Standard #46, IdnaMappingTable.txt, which maps U+0130 to U+0069 U+0307.
func LowerAddress(address string) string {
	return strings.Map(func(r rune) rune {
		lower := unicode.ToLower(r)
		isOther := r > unicode.MaxASCII && lower <= unicode.MaxASCII
		if isOther {
			return r
		}
		return lower
	}, address)
}
