package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/channels"
	"parley/routing"
	"parley/store"
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
		case Plain:
			r.value = strings.TrimPrefix(string(v), "[]")
		}
		if r.value != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

// storedRows returns the rows of a stored thing, or nil if thing is nil, which means that it is not stored.
func storedRows[T any](thing *T, rows func(T) []row) []row {
	if thing == nil {
		return nil
	}
	return rows(*thing)
}

func agentRows(a StateAgent) []row { return append(rowsOf(Agent(a)), a.Signature.pictureRows()...) }

func teamRows(t StateTeam) []row { return rowsOf(Team(t)) }

// accountRows returns the rows of an account. spec describes its channel, or is nil if this version doesn't have it.
func accountRows(a StateAccount, spec *channels.Spec) []row {
	entry := ExportAccount(a, *cmp.Or(spec, &channels.Spec{}), map[string]bool{})
	return append(rowsOf(entry), a.Signature().pictureRows()...)
}

func tagRows(t store.Tag) []row { return rowsOf(Tag(t)) }

func automationRows(a routing.Automation) []row { return rowsOf(Automation(a)) }

func cannedRows(c store.Canned) []row { return rowsOf(Canned(c)) }

func templateRows(t StateTemplate) []row { return rowsOf(Template(t, nil)) }

// pictureRows returns a row of the pictures of a signature. The content of a picture may change while its name stays, so each
// picture is shown with its size and the first digits of its hash: "logo.png (2048 bytes, 3fa1c29b)".
func (s StateSignature) pictureRows() []row {
	if s.Rich == nil || len(s.Rich.Pictures) == 0 {
		return nil
	}
	var pictures []string
	for _, p := range s.Rich.Pictures {
		const hashDigits = 8 // of p.Blob, the SHA-256 of the picture in hex
		pictures = append(pictures, fmt.Sprintf("%s (%d bytes, %.*s)", p.Name, p.SizeBytes, hashDigits, p.Blob))
	}
	return []row{{path: "pictures of the signature", value: strings.Join(pictures, ", ")}}
}
