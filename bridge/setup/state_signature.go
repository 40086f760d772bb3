package setup

import "parley/store"

// StateSignature is the text at the end of mails from an agent, or from an account such as support@shop.example. It
// is either Markdown, or rich: HTML with pictures.
type StateSignature struct {
	Markdown string               // the signature, or the plain version of a rich one
	Rich     *store.RichSignature // nil if the signature is Markdown
}

// Source returns the signature as an admin writes it in parley.yaml.
func (s StateSignature) Source() string {
	if s.Rich != nil {
		return s.Rich.Source
	}
	return s.Markdown
}

// signatures returns all signatures, those of accounts after those of agents.
func (s *State) signatures() (list []StateSignature) {
	for _, a := range s.Agents {
		list = append(list, a.Signature)
	}
	for _, a := range s.Accounts {
		list = append(list, a.Signature())
	}
	return list
}

// listPictures returns the pictures of all signatures.
func (s *State) listPictures() (list []store.SignaturePicture) {
	for _, signature := range s.signatures() {
		if signature.Rich != nil {
			list = append(list, signature.Rich.Pictures...)
		}
	}
	return list
}

// Pictures returns the pictures of all stored signatures by their address in parley.yaml, a file or an https
// address. If several signatures have stored different pictures for the same address, the last one counts, with
// accounts after agents. Pictures that a signature contains itself have no address, and are omitted.
func (s *State) Pictures() map[string]store.SignaturePicture {
	pictures := map[string]store.SignaturePicture{}
	for _, p := range s.listPictures() {
		if p.From != "" {
			pictures[p.From] = p
		}
	}
	return pictures
}
