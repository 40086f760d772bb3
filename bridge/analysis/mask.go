package analysis

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind is a kind of masked value. Placeholders contain it, so that the model knows what a value was.
type Kind string

// The kinds of masked values.
const (
	Email  Kind = "EMAIL"
	Phone  Kind = "PHONE"
	Card   Kind = "CARD"
	IBAN   Kind = "IBAN"
	Number Kind = "NUMBER" // a phone number, or another number of the same format, such as an order number
)

// A Mask hides values in the texts of one request to a model, and restores them in the answer. The same value has the same
// placeholder in all texts. A Mask is not safe for concurrent use.
type Mask struct {
	mark        string         // random letters at the end of all placeholders; texts of the request can't contain them
	values      []string       // the hidden values; values[0] has a placeholder with the number 1
	kinds       []Kind         // kinds[i] is the kind of values[i]
	index       map[string]int // indices in values, by kind and value
	placeholder *regexp.Regexp // matches a placeholder, even if one of its brackets is missing
}

// New returns a Mask for a request that consists of some texts. None of them contains the Mask's mark, so that a customer
// can't write a valid placeholder to get at another value.
func New(texts ...string) *Mask {
	for {
		mark := newMark()
		hasMark := func(text string) bool { return strings.Contains(strings.ToLower(text), mark) }
		if !slices.ContainsFunc(texts, hasMark) {
			return newWithMark(mark)
		}
	}
}

func newWithMark(mark string) *Mask {
	placeholder := regexp.MustCompile(`\[?\b(EMAIL|PHONE|CARD|IBAN|NUMBER)_([0-9]{1,6})_` + mark + `\b\]?`)
	return &Mask{mark: mark, index: map[string]int{}, placeholder: placeholder}
}

// newMark returns random letters. It uses no digits, since Find could take them for a part of a number.
func newMark() string {
	const (
		length  = 8
		letters = 26
	)
	b := make([]byte, length)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = 'a' + b[i]%letters
	}
	return string(b)
}

// Hide returns a text with placeholders for everything that Find finds in it.
func (m *Mask) Hide(text string) string {
	var out strings.Builder
	done := 0
	for _, f := range Find(text) {
		out.WriteString(text[done:f.From])
		out.WriteString(m.placeholderFor(f.Kind, text[f.From:f.To]))
		done = f.To
	}
	out.WriteString(text[done:])
	return out.String()
}

// placeholderFor returns the placeholder of a value. On first use it adds the value to the mask.
func (m *Mask) placeholderFor(kind Kind, value string) string {
	key := string(kind) + " " + value
	i, ok := m.index[key]
	if !ok {
		i = len(m.values)
		m.values = append(m.values, value)
		m.kinds = append(m.kinds, kind)
		m.index[key] = i
	}
	return fmt.Sprintf("[%s_%d_%s]", kind, i+1, m.mark)
}

// Show returns a text with the values in place of their placeholders. ok is false if the text contains an unknown
// placeholder or a part of one, which a model may invent. Such a text must not be used.
func (m *Mask) Show(text string) (shown string, ok bool) {
	isUnknown := false
	shown = m.placeholder.ReplaceAllStringFunc(text, func(p string) string {
		parts := m.placeholder.FindStringSubmatch(p)
		value, found := m.valueOf(Kind(parts[1]), parts[2])
		if !found {
			isUnknown = true
			return p
		}

		// A single bracket isn't part of the placeholder, as in "(see [EMAIL_1_qwertzui)".
		hasOpening, hasClosing := strings.HasPrefix(p, "["), strings.HasSuffix(p, "]")
		switch {
		case hasOpening && !hasClosing:
			return "[" + value
		case hasClosing && !hasOpening:
			return value + "]"
		}
		return value
	})

	rest := m.placeholder.ReplaceAllString(text, "")
	hasPart := strings.Contains(strings.ToLower(rest), m.mark)
	return shown, !isUnknown && !hasPart
}

// valueOf returns the value of the placeholder with a kind and a number.
func (m *Mask) valueOf(kind Kind, number string) (value string, found bool) {
	i, err := strconv.Atoi(number)
	if err != nil || i < 1 || i > len(m.values) {
		return "", false
	}
	return m.values[i-1], m.kinds[i-1] == kind
}

// placeholderPart matches the beginning of a placeholder at the end of a text.
var placeholderPart = regexp.MustCompile(`\[[A-Z]{1,6}(?:_[0-9]{0,6}(?:_[a-z]{0,8})?)?$`)

// TrimPart returns a text that was cut, without the part of a placeholder that it may end with. Show can't restore a part.
func TrimPart(text string) string {
	if start := strings.LastIndexByte(text, '['); start >= 0 && placeholderPart.MatchString(text[start:]) {
		return text[:start]
	}
	return text
}

// Count returns the number of different values that were hidden.
func (m *Mask) Count() int { return len(m.values) }
