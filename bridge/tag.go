package bridge

import (
	"slices"
	"strings"
	"unicode"
)

// MaxTagRunes is how long the name of a tag may be.
const MaxTagRunes = 40

// Tag of a conversation.
type Tag struct {
	Name  string
	Color string // #rrggbb
	About string // what it stands for, shown where tags are offered; may be empty
	Label bool   // it makes the conversations that have it stand out in lists
}

// TagCategories returns the categories of tags, in the order in which they are offered.
func TagCategories() []string { return []string{"topic", "issue", "priority", "workflow", "segment"} }

// AreNearTags reports whether two names of tags probably mean the same: they differ in case, blanks or plural, or one has all words of
// the other, as "Billing" and "Billing Issue".
func AreNearTags(a, b string) bool {
	wordsA, wordsB := wordsOfTag(a), wordsOfTag(b)
	if len(wordsA) == 0 || len(wordsB) == 0 {
		return strings.EqualFold(a, b)
	}
	hasAll := func(all, some []string) bool {
		return !slices.ContainsFunc(some, func(w string) bool { return !slices.Contains(all, w) })
	}
	return strings.Join(wordsA, "") == strings.Join(wordsB, "") || hasAll(wordsA, wordsB) || hasAll(wordsB, wordsA)
}

// wordsOfTag returns the words of a tag in lower case and without the s of a plural.
func wordsOfTag(name string) []string {
	isBetween := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }
	words := strings.FieldsFunc(strings.ToLower(name), isBetween)
	for i, w := range words {
		if len(w) > len("gas") && !strings.HasSuffix(w, "ss") {
			words[i] = strings.TrimSuffix(w, "s")
		}
	}
	return words
}
