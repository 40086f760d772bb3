package shape

import (
	"strings"
	"unicode"
)

// AsSentence makes a remark of the engine's a sentence: capital letter, full stop.
func AsSentence(remark string) string {
	remark = strings.TrimSpace(remark)
	if remark == "" {
		return ""
	}
	r := []rune(remark)
	first, _, _ := strings.Cut(remark, " ")
	if isAddress := strings.Contains(first, "@"); !isAddress {
		r[0] = unicode.ToUpper(r[0])
	}
	if last := r[len(r)-1]; !strings.ContainsRune(".!?…:", last) {
		r = append(r, '.')
	}
	return string(r)
}

// Then puts a space before a sentence that follows another.
func Then(remark string) string {
	if s := AsSentence(remark); s != "" {
		return " " + s
	}
	return ""
}
