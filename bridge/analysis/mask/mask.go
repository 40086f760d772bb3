// Package mask replaces mail addresses, phone numbers, card numbers and IBANs by placeholders before a text leaves
// the house, and puts them back into what comes home.
//
// What does not belong here: which texts leave, and to whom (bridge/analysis/openai); names and postal addresses,
// which no rule can find.
package mask

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind of what is masked.
type Kind string

// Kinds.
const (
	Email  Kind = "EMAIL"
	Phone  Kind = "PHONE"
	Card   Kind = "CARD"
	IBAN   Kind = "IBAN"
	Number Kind = "NUMBER" // of a phone, or of something else that is written like it: an order's
)

// A Mask hides values in the texts of one request to a model, and puts them back into its answer. Each value has a
// placeholder like [EMAIL_1_qwertzui], and the same value has the same one in all texts. It is not safe for use by several
// goroutines.
type Mask struct {
	mark   string         // the letters at the end of placeholders, which are in no text of the request: so nobody can forge one
	values []string       // what was hidden; placeholders count from 1
	kinds  []Kind         // of values
	index  map[string]int // into values, by kind and value
	find   *regexp.Regexp // finds placeholders, also without one of their brackets
}

// New makes a Mask for some texts: its placeholders are in none of them.
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
	find := regexp.MustCompile(`\[?\b(EMAIL|PHONE|CARD|IBAN|NUMBER)_([0-9]{1,6})_` + mark + `\b\]?`)
	return &Mask{mark: mark, index: map[string]int{}, find: find}
}

// newMark draws letters. They are no digits, which could make a number with those beside them.
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

// Hide replaces what Find finds in a text by placeholders.
func (m *Mask) Hide(text string) string {
	var out strings.Builder
	at := 0
	for _, f := range Find(text) {
		out.WriteString(text[at:f.From])
		out.WriteString(m.placeholder(f.Kind, text[f.From:f.To]))
		at = f.To
	}
	out.WriteString(text[at:])
	return out.String()
}

func (m *Mask) placeholder(kind Kind, value string) string {
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

// Show puts the values back in place of the placeholders. ok is false if the text has a placeholder that Hide never made, or
// a part of one. Such a text can't be used.
func (m *Mask) Show(text string) (shown string, ok bool) {
	ok = true
	shown = m.find.ReplaceAllStringFunc(text, func(p string) string {
		parts := m.find.FindStringSubmatch(p)
		value, found := m.valueOf(Kind(parts[1]), parts[2])
		if !found {
			ok = false
			return p
		}

		// A bracket belongs to the placeholder only together with the other one.
		if strings.HasPrefix(p, "[") != strings.HasSuffix(p, "]") {
			if strings.HasPrefix(p, "[") {
				return "[" + value
			}
			return value + "]"
		}

		return value
	})

	rest := m.find.ReplaceAllString(text, "")
	return shown, ok && !strings.Contains(strings.ToLower(rest), m.mark)
}

// valueOf returns what the placeholder of a kind with a number, from 1, stands for.
func (m *Mask) valueOf(kind Kind, number string) (value string, found bool) {
	i, err := strconv.Atoi(number)
	if err != nil || i < 1 || i > len(m.values) {
		return "", false
	}
	return m.values[i-1], m.kinds[i-1] == kind
}

// Count says how many different values were hidden.
func (m *Mask) Count() int { return len(m.values) }
