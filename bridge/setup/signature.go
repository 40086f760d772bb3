package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"parley/bridge/setup/document"
	"parley/bridge/setup/overlay"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
)

// maxPictures is how many pictures a signature may have. They are sent with every mail.
const maxPictures = 5

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
	HTML     string   // sanitised; "" means Markdown has all of it
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

// readSignatures reads the signatures of the file. If a picture can't be read now, the one that an earlier
// apply stored is used. So a file that parley export wrote can be applied on any machine.
func (a *answers) readSignatures(ctx context.Context, o Options, file *parleyfile.File, have *state.State) error {
	known := have.Pictures()
	var sources []document.Text
	for _, e := range file.Agents {
		if e.Signature != nil {
			sources = append(sources, *e.Signature)
		}
	}

	for _, e := range file.Accounts {
		if e.Signature != nil {
			sources = append(sources, *e.Signature)
		}
	}

	for _, t := range sources {
		source := parleyfile.SignatureSource(t)
		if _, done := a.Signatures[source]; done {
			continue
		}

		read, err := a.readSignature(ctx, o.Signatures, source, known)
		if wrong, ok := errors.AsType[*SignatureError](err); ok {
			read.Problem, read.Hint = wrong.What, wrong.Hint
		} else if err != nil {
			return err
		}

		a.Signatures[source] = read
	}

	return nil
}

// readSignature reads one signature and its pictures.
// Errors: *SignatureError.
func (a *answers) readSignature(ctx context.Context, reader Signatures, source string, known map[string]store.SignaturePicture) (overlay.Signature, error) {
	if reader == nil || source == "" {
		return overlay.Signature{Signature: state.Signature{Markdown: source}}, nil
	}

	t, err := reader.Read(source)
	if err != nil || t.HTML == "" {
		return overlay.Signature{Signature: state.Signature{Markdown: t.Markdown}}, err
	}
	if len(t.Pictures) > maxPictures {
		return overlay.Signature{}, &SignatureError{What: fmt.Sprintf("has %d pictures", len(t.Pictures)), Hint: fmt.Sprintf("Keep at most %d: every mail carries them.", maxPictures)}
	}

	rich := &store.RichSignature{Source: source, HTML: t.HTML}
	for i, from := range t.Pictures {
		p, err := reader.Picture(ctx, from)
		if err != nil {
			kept, isKept := known[from]
			if !isKept {
				return overlay.Signature{}, err
			}

			a.remarks = append(a.remarks, fmt.Sprintf("signature: %v The picture that was taken from there before stays.", err))
			kept.ContentID = t.IDs[i]
			rich.Pictures = append(rich.Pictures, kept)
			continue
		}

		sum := sha256.Sum256(p.Content)
		row := store.SignaturePicture{
			ContentID:   t.IDs[i],
			From:        from,
			Name:        p.Name,
			ContentType: p.ContentType,
			SizeBytes:   int64(len(p.Content)),
			Blob:        hex.EncodeToString(sum[:]),
		}
		if p.Own { // there is no address from which it could be read again
			row.From = ""
		}

		a.pictures[row.Blob] = p.Content
		rich.Pictures = append(rich.Pictures, row)
	}

	return overlay.Signature{Signature: state.Signature{Markdown: t.Markdown, Rich: rich}}, nil
}
