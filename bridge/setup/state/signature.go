package state

import (
	"fmt"
	"strings"

	"parley/store"
)

// Signature is the signature of an agent or an account.
type Signature struct {
	Markdown string
	Rich     *store.RichSignature
}

// Source returns the signature as it is written in the file.
func (s Signature) Source() string {
	if s.Rich != nil {
		return s.Rich.Source
	}
	return s.Markdown
}

// listAttributes lists what a signature is like. A hash of its pictures shows that these have changed although the
// text has not.
func (s Signature) listAttributes() []Attribute {
	var pictures []string
	if s.Rich != nil {
		for _, p := range s.Rich.Pictures {
			pictures = append(pictures, fmt.Sprintf("%s (%d bytes, %.8s)", p.Name, p.SizeBytes, p.Blob))
		}
	}
	return []Attribute{{Name: "signature", Value: s.Source()}, {Name: "pictures of the signature", Value: strings.Join(pictures, ", ")}}
}

// Pictures returns the stored pictures of all signatures, by their addresses.
func (s *State) Pictures() map[string]store.SignaturePicture {
	known := map[string]store.SignaturePicture{}
	add := func(rich *store.RichSignature) {
		if rich == nil {
			return
		}

		for _, p := range rich.Pictures {
			if p.From != "" {
				known[p.From] = p
			}
		}
	}
	for _, a := range s.Agents {
		add(a.Signature.Rich)
	}

	for _, a := range s.Accounts {
		add(a.Row.RichSignature)
	}

	return known
}
