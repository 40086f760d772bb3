package operate

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"strings"

	"parley/bridge/setup"
	"parley/channels/email/message"
)

// StoredPictures returns the picture that was stored for an address when the signature was last saved. ok is false if there
// is none.
type StoredPictures func(ctx context.Context, address string) (p setup.Picture, ok bool)

// Preview renders a signature (Markdown or HTML, as in parley.yaml) for display on a page, as customers will see it. The result
// is HTML without scripts or other active content, and with the pictures embedded as data: URLs. If a picture can't be read
// at the moment, the stored one is shown, just as saving would keep it.
// Errors: *setup.SignatureError.
func (r *Reader) Preview(ctx context.Context, source string, stored StoredPictures) (string, error) {
	t, err := r.Read(source)
	if err != nil {
		return "", err
	}

	if t.HTML == "" {
		var rendered bytes.Buffer
		if err := message.NewRenderer().Convert([]byte(t.Markdown), &rendered); err != nil {
			return "", fmt.Errorf("signature: preview: %w", err)
		}
		return message.NewPolicy().Sanitize(rendered.String()), nil
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

// previewPicture reads a picture, and falls back to the stored one.
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

// AddPicture appends a picture to a signature (source), as a data: URL, and returns the signature. description is the
// picture's alternative text; characters with a meaning in Markdown or HTML are replaced or escaped.
// Errors: *setup.SignatureError if the picture is too large, or not of a type that mail programs show.
func (r *Reader) AddPicture(source string, content []byte, description string) (string, error) {
	p, err := nameByKind(setup.Picture{Content: content, Name: "picture"}, chosenPicture)
	if err != nil {
		return "", err
	}

	source = strings.TrimRight(source, " \r\n")
	address := dataAddress(p.ContentType, content)
	description = strings.NewReplacer("[", "(", "]", ")", "\\", "/", "<", "", ">", "", "\n", " ").Replace(description)
	if message.IsHTML(source) {
		return source + `<img src="` + address + `" alt="` + html.EscapeString(description) + `">`, nil
	}

	picture := "![" + description + "](" + address + ")"
	if source == "" {
		return picture, nil
	}
	return source + "\n\n" + picture, nil
}

// dataAddress returns a data: URL (RFC 2397) with the content of a picture.
func dataAddress(contentType string, content []byte) string {
	return "data:" + contentType + ";base64," + base64.StdEncoding.EncodeToString(content)
}
