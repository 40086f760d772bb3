package signature

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"parley/bridge/setup"
	"parley/channels/email/bodytext"
)

// StoredPictures finds the picture that was read from an address when a signature was stored. ok is false if there is none.
type StoredPictures func(ctx context.Context, address string) (p setup.Picture, ok bool)

// Preview renders a signature as customers see it: HTML without scripts and other active content, with the pictures in it. In place
// of a picture that can't be read it shows the stored one, as a signature does that is saved.
// Errors: *setup.SignatureError.
func (r *Reader) Preview(ctx context.Context, source string, stored StoredPictures) (string, error) {
	t, err := r.Read(source)
	if err != nil {
		return "", err
	}

	if t.HTML == "" {
		var rendered bytes.Buffer
		if err := bodytext.NewRenderer().Convert([]byte(t.Markdown), &rendered); err != nil {
			return "", fmt.Errorf("signature: preview: %w", err)
		}
		return bodytext.NewPolicy().Sanitize(rendered.String()), nil
	}

	shown := t.HTML
	for _, picture := range t.Pictures {
		p, err := r.previewPicture(ctx, picture.Address, stored)
		if err != nil {
			return "", err
		}
		shown = strings.ReplaceAll(shown, `"cid:`+picture.ContentID+`"`, `"`+dataAddress(p.ContentType, p.Content)+`"`)
	}

	return shown, nil
}

// previewPicture reads a picture. If it can't be read, the stored one is returned.
// Errors: as Preview.
func (r *Reader) previewPicture(ctx context.Context, address string, stored StoredPictures) (setup.Picture, error) {
	p, err := r.Picture(ctx, address)
	if err == nil {
		return p, nil
	}
	if kept, ok := stored(ctx, address); ok {
		return kept, nil
	}
	return setup.Picture{}, err
}

// Embed writes a picture as an address that can stand in a signature.
// Errors: *setup.SignatureError: it is too large, or no picture that mail programs show.
func (r *Reader) Embed(content []byte) (string, error) {
	p, err := nameByKind(setup.Picture{Content: content, Name: "picture"}, chosenPicture)
	if err != nil {
		return "", err
	}
	return dataAddress(p.ContentType, content), nil
}

// dataAddress writes a picture as an address that has all of it.
func dataAddress(kind string, content []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)
}
