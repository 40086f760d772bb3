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

// A signature stands below the mails of an agent or an account. In parley.yaml it is Markdown, or it is rich: HTML, with
// pictures that stand in files or at addresses. Before a change is made, signatures are read and their pictures fetched, so
// that every reply can carry them.

// SignatureReader reads signatures as parley.yaml writes them. It is called outside of transactions.
type SignatureReader interface {
	// Read converts a signature to the form in which replies carry it. It doesn't read pictures.
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
	HTML     string          // sanitised; "" means that Markdown has all of it
	Pictures []PictureInText // in the order of HTML
}

// PictureInText is a picture to which the HTML of a signature refers.
type PictureInText struct {
	Address   string // a file's path, an https address or a data address
	ContentID string // by which HTML shows it: <img src="cid:…">
}

// Picture is a picture of a signature.
type Picture struct {
	Name        string
	ContentType string
	Content     []byte
	IsInline    bool // the signature itself holds it, as a data address
}

// SignatureError says to an admin why a signature, or one of its pictures, can't be used.
type SignatureError struct{ What, Hint string }

func (e *SignatureError) Error() string { return e.What + ". " + e.Hint }

// readSignatures reads the signatures of the file into a.Signatures, each text once. If a picture can't be read, the one that
// an earlier apply stored for the same address stays, and a remark says so. So a file that parley export wrote can be
// applied on any machine. If a signature can't be used, its Problem says why.
func (a *answers) readSignatures(ctx context.Context, o Options, file *parleyfile.File, stored *state.State) error {
	storedPictures := stored.Pictures()
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

// readSignature reads one signature and its pictures. Without a reader a signature is Markdown without pictures.
// Errors: *SignatureError.
func (a *answers) readSignature(
	ctx context.Context, reader SignatureReader, source string, stored map[string]store.SignaturePicture,
) (overlay.Signature, error) {
	if reader == nil || source == "" {
		return overlay.Signature{Signature: state.Signature{Markdown: source}}, nil
	}

	text, err := reader.Read(source)
	if err != nil || text.HTML == "" {
		return overlay.Signature{Signature: state.Signature{Markdown: text.Markdown}}, err
	}
	if len(text.Pictures) > maxPictures {
		return overlay.Signature{}, &SignatureError{
			What: fmt.Sprintf("has %d pictures", len(text.Pictures)),
			Hint: fmt.Sprintf("Keep at most %d: every mail carries them.", maxPictures),
		}
	}

	rich := &store.RichSignature{Source: source, HTML: text.HTML}
	for _, p := range text.Pictures {
		picture, err := a.readPicture(ctx, reader, p, stored)
		if err != nil {
			return overlay.Signature{}, err
		}
		rich.Pictures = append(rich.Pictures, picture)
	}
	return overlay.Signature{Signature: state.Signature{Markdown: text.Markdown, Rich: rich}}, nil
}

// readPicture reads a picture. If that fails, it takes the one that is stored for the same address.
// Errors: *SignatureError, if there is none.
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
	if p.IsInline { // there is no address from which it could be read again
		row.From = ""
	}
	a.pictures[row.Blob] = p.Content
	return row, nil
}
