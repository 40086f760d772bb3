package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/store"
	"parley/store/blob"
)

// mostPictures is how many pictures a signature may have. They are sent with every mail.
const mostPictures = 5

// Signatures reads the signatures of the file. Its methods are called outside of transactions.
type Signatures interface {
	// Read converts a signature to the form in which replies carry it.
	// Errors: *SignatureError.
	Read(source string) (SignatureText, error)

	// Picture reads a picture of a signature: from a file, an https address or a data address. It may
	// block until ctx ends.
	// Errors: *SignatureError.
	Picture(ctx context.Context, from string) (Picture, error)
}

// SignatureText is a signature in the form in which replies carry it.
type SignatureText struct {
	Markdown string
	HTML     string   // sanitised; "" = Markdown has all of it
	Pictures []string // the addresses of the pictures that HTML shows
	IDs      []string // for each of Pictures, the content id by which HTML shows it
}

// Picture is a picture of a signature.
type Picture struct {
	Name        string
	ContentType string
	Content     []byte
	Own         bool // it is in the signature itself, as a data address
}

// SignatureError says, for an admin, why a signature or one of its pictures can't be used.
type SignatureError struct{ What, Hint string }

func (e *SignatureError) Error() string { return e.What + ". " + e.Hint }

// readSignature is a signature of the file in the form in which the database keeps it.
type readSignature struct {
	markdown string
	rich     *store.RichSignature
	problem  *SignatureError
}

// readSignatures reads the signatures of the file. If a picture can't be read now, the one that an earlier
// apply stored is used. So a file that parley export wrote can be applied on any machine.
func (f *found) readSignatures(ctx context.Context, o Options, file *File, have *state, keep func([]byte) error) error {
	f.signatures, f.pictures = map[string]readSignature{}, map[string][]byte{}
	known := have.pictures()
	var sources []document.Text
	for _, a := range file.agents {
		if a.signature != nil {
			sources = append(sources, *a.signature)
		}
	}
	for _, a := range file.accounts {
		if a.signature != nil {
			sources = append(sources, *a.signature)
		}
	}
	for _, t := range sources {
		source := signatureSource(t)
		if _, done := f.signatures[source]; done {
			continue
		}
		read, err := f.readSignature(ctx, o.Signatures, source, known)
		if err != nil && !errors.As(err, &read.problem) {
			return err
		}
		f.signatures[source] = read
	}
	for _, content := range f.pictures {
		if err := keep(content); err != nil {
			return err
		}
	}
	return nil
}

// signatureSource returns a signature's text in the form in which it is compared and stored.
func signatureSource(t document.Text) string { return strings.TrimRight(t.Value, "\n") }

// pictures returns the stored pictures of all signatures, by their addresses.
func (s *state) pictures() map[string]store.SignaturePicture {
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
	for _, a := range s.agents {
		add(a.signature.rich)
	}
	for _, a := range s.accounts {
		add(a.row.RichSignature)
	}
	return known
}

// readSignature reads one signature and its pictures.
// Errors: *SignatureError.
func (f *found) readSignature(ctx context.Context, reader Signatures, source string, known map[string]store.SignaturePicture) (readSignature, error) {
	if reader == nil || source == "" {
		return readSignature{markdown: source}, nil
	}
	t, err := reader.Read(source)
	if err != nil || t.HTML == "" {
		return readSignature{markdown: t.Markdown}, err
	}
	if len(t.Pictures) > mostPictures {
		return readSignature{}, &SignatureError{What: fmt.Sprintf("has %d pictures", len(t.Pictures)), Hint: fmt.Sprintf("Keep at most %d: every mail carries them.", mostPictures)}
	}
	rich := &store.RichSignature{Source: source, HTML: t.HTML}
	for i, from := range t.Pictures {
		p, err := reader.Picture(ctx, from)
		kept, isKept := known[from]
		switch {
		case err != nil && isKept:
			f.remarks = append(f.remarks, fmt.Sprintf("signature: %v The picture that was taken from there before stays.", err))
			kept.ContentID = t.IDs[i]
		case err != nil:
			return readSignature{}, err
		default:
			sum := sha256.Sum256(p.Content)
			kept = store.SignaturePicture{ContentID: t.IDs[i], From: from, Name: p.Name, ContentType: p.ContentType, SizeBytes: int64(len(p.Content)), Blob: hex.EncodeToString(sum[:])}
			if p.Own {
				kept.From = ""
			}
			f.pictures[kept.Blob] = p.Content
		}
		rich.Pictures = append(rich.Pictures, kept)
	}
	return readSignature{markdown: t.Markdown, rich: rich}, nil
}

// signature returns a signature of the file in its stored form. It adds a fault if it can't be used.
func (o *overlay) signature(t document.Text, where string) signature {
	read, ok := o.found.signatures[signatureSource(t)]
	if !ok { // there was no lookup
		return signature{markdown: signatureSource(t)}
	}
	if read.problem != nil {
		o.faults.Add(t.At, where+": signature", read.problem.What, read.problem.Hint)
	}
	return signature{markdown: read.markdown, rich: read.rich}
}

// signature is the signature of an agent or an account.
type signature struct {
	markdown string
	rich     *store.RichSignature
}

// source returns the signature as it is written in the file.
func (s signature) source() string {
	if s.rich != nil {
		return s.rich.Source
	}
	return s.markdown
}

// attributes returns a signature for diff. A hash of its pictures shows that these have changed although the
// text has not.
func (s signature) attributes() []attribute {
	var pictures []string
	if s.rich != nil {
		for _, p := range s.rich.Pictures {
			pictures = append(pictures, fmt.Sprintf("%s (%d bytes, %.8s)", p.Name, p.SizeBytes, p.Blob))
		}
	}
	return []attribute{{name: "signature", value: s.source()}, {name: "pictures of the signature", value: strings.Join(pictures, ", ")}}
}

// keepPictures records which pictures signatures use now, and that they have used the previous ones until
// now: see blob.UsePictures.
func (w *work) keepPictures(ctx context.Context, q store.Execer) error {
	blobs := map[string]bool{}
	add := func(rich *store.RichSignature) {
		if rich != nil {
			for _, p := range rich.Pictures {
				blobs[p.Blob] = true
			}
		}
	}
	for _, s := range []*state{w.have, w.want} {
		for _, a := range s.agents {
			add(a.signature.rich)
		}
		for _, a := range s.accounts {
			add(a.row.RichSignature)
		}
	}
	return blob.UsePictures(ctx, q, slices.Collect(maps.Keys(blobs)))
}
