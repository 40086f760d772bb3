package setup

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// About leaves out the remarks that are not about the entry of this name.
func (r Result) About(name string) Result {
	named := regexp.MustCompile(`(?i)(^|\s)` + regexp.QuoteMeta(name) + `($|[\s,:;])`) // "wa" is not named by "watch"
	r.Remarks = slices.DeleteFunc(slices.Clone(r.Remarks), func(text string) bool { return !named.MatchString(text) })
	return r
}

// Sentences writes the remarks for a page, each as a sentence behind the text.
func (r Result) Sentences(text string) string {
	for _, remark := range r.Remarks {
		first, size := utf8.DecodeRuneInString(remark)
		text += " " + string(unicode.ToUpper(first)) + strings.TrimSuffix(remark[size:], ".") + "."
	}
	return text
}
