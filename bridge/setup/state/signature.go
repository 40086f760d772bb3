package state

import (
	"fmt"
	"strings"

	"parley/store"
)

// Signature is the text that stands under the mails of an agent, or of an account such as support@shop.example. It is
// either Markdown, or it is rich: HTML with pictures.
type Signature struct {
	Markdown string               // the whole signature, or the rich one without its looks
	Rich     *store.RichSignature // nil for one of Markdown
}

// Source returns the signature as an admin writes it in parley.yaml.
func (s Signature) Source() string {
	if s.Rich != nil {
		return s.Rich.Source
	}
	return s.Markdown
}

// listAttributes returns what the lists of changes show of a signature (parley diff, for example). A picture may have
// changed although the signature names the same file, so its name stands beside its size and the beginning of its
// hash: "logo.png (2048 bytes, 3fa1c29b)".
func (s Signature) listAttributes() []Attribute {
	var pictures []string
	if s.Rich != nil {
		for _, p := range s.Rich.Pictures {
			const shownOfHash = 8 // of p.Blob, the SHA-256 of the picture in hex
			pictures = append(pictures, fmt.Sprintf("%s (%d bytes, %.*s)", p.Name, p.SizeBytes, shownOfHash, p.Blob))
		}
	}
	return []Attribute{
		{Name: "signature", Value: s.Source()},
		{Name: "pictures of the signature", Value: strings.Join(pictures, ", ")},
	}
}

// Pictures returns the pictures that all stored signatures show, by the file or https address that parley.yaml names
// for them. If signatures have stored the same address at different times, and so perhaps different pictures, it
// returns the last one, and accounts come after agents. Pictures that a signature contains itself have no address,
// and are left out.
func (s *State) Pictures() map[string]store.SignaturePicture {
	var signatures []*store.RichSignature
	for _, a := range s.Agents {
		signatures = append(signatures, a.Signature.Rich)
	}
	for _, a := range s.Accounts {
		signatures = append(signatures, a.Row.RichSignature)
	}

	pictures := map[string]store.SignaturePicture{}
	for _, rich := range signatures {
		if rich == nil {
			continue
		}
		for _, p := range rich.Pictures {
			if p.From != "" {
				pictures[p.From] = p
			}
		}
	}
	return pictures
}
