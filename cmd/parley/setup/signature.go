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

	"parley/store"
)

// mostPictures is how many pictures a signature may have: every mail carries them.
const mostPictures = 5

// Signatures reads signatures as they stand in the file. Called outside of transactions.
type Signatures interface {
	// Read gives what replies carry of a signature.
	// Errors: *SignatureError.
	Read(source string) (SignatureText, error)

	// Picture gives a picture from where a signature says it is: a file, an https address or a data
	// address. May block until ctx ends.
	// Errors: *SignatureError.
	Picture(ctx context.Context, from string) (Picture, error)
}

// SignatureText is what replies carry of a signature.
type SignatureText struct {
	Markdown string
	HTML     string   // sanitised; "" = Markdown is all of it
	Pictures []string // where those are that HTML shows
	IDs      []string // content ids of Pictures in HTML
}

// Picture of a signature.
type Picture struct {
	Name        string
	ContentType string
	Content     []byte
	Own         bool // it stands in the signature itself
}

// SignatureError says, for an admin, why a signature or its picture can't be taken.
type SignatureError struct{ What, Hint string }

func (e *SignatureError) Error() string { return e.What + ". " + e.Hint }

// readSignature is a signature of the file, as the database keeps it.
type readSignature struct {
	markdown string
	rich     *store.RichSignature
	problem  *SignatureError
}

// readSignatures reads the signatures of the file. A picture that can't be had now, but was kept by an
// earlier apply, stays: so what parley export wrote can be applied anywhere.
func (f *found) readSignatures(ctx context.Context, o Options, file *File, have *state, keep func([]byte) error) error {
	f.signatures, f.pictures = map[string]readSignature{}, map[string][]byte{}
	known := have.pictures()
	var sources []text
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

// signatureSource is a signature as it is compared and kept.
func signatureSource(t text) string { return strings.TrimRight(t.value, "\n") }

// pictures are those that are kept, by where they were taken from.
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

// readSignature reads one signature and gets its pictures.
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

// signature gives what is kept of a signature of the file, and says what is wrong with it.
func (o *overlay) signature(t text, where string) signature {
	read, ok := o.found.signatures[signatureSource(t)]
	if !ok { // nothing was looked up
		return signature{markdown: signatureSource(t)}
	}
	if read.problem != nil {
		o.faults.add(t.at, where+": signature", read.problem.What, read.problem.Hint)
	}
	return signature{markdown: read.markdown, rich: read.rich}
}

// signature is what an agent's or an account's replies end with.
type signature struct {
	markdown string
	rich     *store.RichSignature
}

// source is the signature as it stands in the file.
func (s signature) source() string {
	if s.rich != nil {
		return s.rich.Source
	}
	return s.markdown
}

// attributes show a signature, and that its pictures are others although it reads the same.
func (s signature) attributes() []attribute {
	var pictures []string
	if s.rich != nil {
		for _, p := range s.rich.Pictures {
			pictures = append(pictures, fmt.Sprintf("%s (%d bytes, %.8s)", p.Name, p.SizeBytes, p.Blob))
		}
	}
	return []attribute{{name: "signature", value: s.source()}, {name: "pictures of the signature", value: strings.Join(pictures, ", ")}}
}

// keepPictures notes that the pictures of what is saved are in use, and that those of before were until
// now.
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
	return store.UsePictures(ctx, q, slices.Collect(maps.Keys(blobs)))
}
