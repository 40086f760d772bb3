package shape

import (
	"strings"
	"unicode"
)

// AsSentence makes a remark of the engine's a sentence: with a capital letter and a full stop.
func AsSentence(remark string) string {
	remark = strings.TrimSpace(remark)
	if remark == "" {
		return ""
	}

	runes := []rune(remark)
	firstWord, _, _ := strings.Cut(remark, " ")
	isAddress := strings.Contains(firstWord, "@")
	if !isAddress {
		runes[0] = unicode.ToUpper(runes[0])
	}

	last := runes[len(runes)-1]
	if !strings.ContainsRune(".!?…:", last) {
		runes = append(runes, '.')
	}

	return string(runes)
}

// NextSentence makes a sentence that follows another, with a space before it. It is "" if there is no remark.
func NextSentence(remark string) string {
	if s := AsSentence(remark); s != "" {
		return " " + s
	}
	return ""
}
