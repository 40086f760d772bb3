package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"parley/store"
)

// maxPictures limits the pictures of a signature. They are sent with every mail.
const maxPictures = 5

// SignatureReader reads the signatures of parley.yaml. A signature is added to the mails of an agent or an
// account. It is either Markdown, or rich: HTML with pictures, such as <img
// src="https://shop.example/logo.png">. Before a change is saved, all signatures are read and their pictures
// fetched, so that replies can include them. Its methods are called outside of transactions.
type SignatureReader interface {
	// Read converts a signature to the form that replies include. It doesn't fetch pictures.
	// Errors: *SignatureError.
	Read(source string) (SignatureText, error)

	// Picture fetches a picture from a file, an https address or a data address. It may block until ctx ends.
	// Errors: *SignatureError.
	Picture(ctx context.Context, from string) (Picture, error)
}

// SignatureText is a signature in the form that replies include.
type SignatureText struct {
	Markdown string
	HTML     string          // sanitised; "" for a signature that is only Markdown
	Pictures []PictureInText // in the order of HTML
}

// PictureInText is a reference to a picture in the HTML of a signature.
type PictureInText struct {
	Address   string // a file's path, an https address or a data address
	ContentID string // the reference in HTML: <img src="cid:…">
}

// Picture is a picture of a signature.
type Picture struct {
	Name        string
	ContentType string
	Content     []byte
	IsInline    bool // the signature itself contains it, as a data address
}

// SignatureError tells an admin why a signature, or one of its pictures, can't be used.
type SignatureError struct{ What, Hint string }

func (e *SignatureError) Error() string { return e.What + ". " + e.Hint }

// readSignatures reads the signatures of the file into a.Signatures, each distinct text once. If a picture
// can't be fetched, the one that is stored for the same address stays, and a remark says so. So a file from
// "parley export" can be applied on any machine. If a signature can't be used, its Problem says why.
func (a *answers) readSignatures(ctx context.Context, o Options, file *File, stored *State) error {
	storedPictures := stored.Pictures()
	for _, said := range file.said.signatures() {
		source := said.Markdown
		if _, isRead := a.Signatures[source]; isRead {
			continue
		}

		read, err := a.readSignature(ctx, o.Signatures, source, storedPictures)
		if refusal, ok := errors.AsType[*SignatureError](err); ok {
			read.Problem, read.Hint = refusal.What, refusal.Hint
		} else if err != nil {
			return err
		}

		a.Signatures[source] = read
	}
	return nil
}

// readSignature reads one signature and its pictures. If reader is nil, the signature is Markdown without
// pictures.
// Errors: *SignatureError.
func (a *answers) readSignature(
	ctx context.Context, reader SignatureReader, source string, stored map[string]store.SignaturePicture,
) (Signature, error) {
	if reader == nil || source == "" {
		return Signature{StateSignature: StateSignature{Markdown: source}}, nil
	}

	text, err := reader.Read(source)
	if err != nil || text.HTML == "" {
		return Signature{StateSignature: StateSignature{Markdown: text.Markdown}}, err
	}
	if len(text.Pictures) > maxPictures {
		return Signature{}, &SignatureError{
			What: fmt.Sprintf("has %d pictures", len(text.Pictures)),
			Hint: fmt.Sprintf("Keep at most %d: every mail carries them.", maxPictures),
		}
	}

	rich := &store.RichSignature{Source: source, HTML: text.HTML}
	for _, p := range text.Pictures {
		picture, err := a.readPicture(ctx, reader, p, stored)
		if err != nil {
			return Signature{}, err
		}
		rich.Pictures = append(rich.Pictures, picture)
	}
	return Signature{StateSignature: StateSignature{Markdown: text.Markdown, Rich: rich}}, nil
}

// readPicture fetches a picture. If that fails, it falls back to the one that is stored for the same address.
// Errors: *SignatureError, if none is stored.
func (a *answers) readPicture(
	ctx context.Context, reader SignatureReader, in PictureInText, stored map[string]store.SignaturePicture,
) (store.SignaturePicture, error) {
	p, err := reader.Picture(ctx, in.Address)
	if err != nil {
		kept, isKept := stored[in.Address]
		if !isKept {
			return store.SignaturePicture{}, err
		}
		a.remarks = append(a.remarks, fmt.Sprintf("signature: %v The picture that was taken from there before stays.", err))
		kept.ContentID = in.ContentID
		return kept, nil
	}

	sum := sha256.Sum256(p.Content)
	row := store.SignaturePicture{
		ContentID:   in.ContentID,
		From:        in.Address,
		Name:        p.Name,
		ContentType: p.ContentType,
		SizeBytes:   int64(len(p.Content)),
		Blob:        hex.EncodeToString(sum[:]),
	}
	if p.IsInline { // it has no address from which it could be fetched again
		row.From = ""
	}
	a.pictures[row.Blob] = p.Content
	return row, nil
}

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
