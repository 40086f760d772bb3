package setup

import (
	"fmt"
	"slices"
	"strings"
)

// row is one value of an entry of parley.yaml, as text. Comparing the rows of a stored and a wanted thing shows what a change would
// do, as in "~ account support-mail: hold 20s → 30s", and whether anything has to be written.
type row struct {
	path     string // "imap.host"
	value    string // never empty
	isSecret bool   // the value must never be shown
}

// rowsOf returns all values of an entry.
func rowsOf(entry *Mapping) []row { return entry.appendRows([]row{}, "") }

func (m *Mapping) appendRows(rows []row, prefix string) []row {
	for i, key := range m.keys {
		r := row{path: prefix + unquote(key)}
		switch v := m.values[i].(type) {
		case *Mapping:
			rows = v.appendRows(rows, r.path+".")
		case Secret:
			r.value, r.isSecret = v.Value, true
		case []string:
			words := make([]string, len(v))
			for n, word := range v {
				words[n] = Quoted(unescape(word))
			}
			if prefix == "" { // the order has a meaning in lists of channels alone
				slices.Sort(words)
			}
			r.value = strings.Join(words, ", ")
		case []*Mapping:
			for _, item := range v {
				var words []string
				for _, part := range rowsOf(item) {
					words = append(words, part.path+" "+Quoted(part.value))
				}
				r.value += "; " + strings.Join(words, ", ")
			}
			r.value = strings.TrimPrefix(r.value, "; ")
		case string:
			r.value = unescape(v)
		case note:
			r.value = string(v)
		case Plain:
			r.value = strings.TrimPrefix(string(v), "[]")
		}
		if r.value != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

// notePictures adds the pictures of a signature. The content of a picture may change while its name stays, so each picture is noted
// with its size and the first digits of its hash: "logo.png (2048 bytes, 3fa1c29b)".
func (m *Mapping) notePictures(s StateSignature) {
	if s.Rich == nil {
		return
	}
	var pictures []string
	for _, p := range s.Rich.Pictures {
		const hashDigits = 8 // of p.Blob, the SHA-256 of the picture in hex
		pictures = append(pictures, fmt.Sprintf("%s (%d bytes, %.*s)", p.Name, p.SizeBytes, hashDigits, p.Blob))
	}
	m.Put("pictures of the signature", note(strings.Join(pictures, ", ")))
}
