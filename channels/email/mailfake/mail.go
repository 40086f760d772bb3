package mailfake

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// This file composes the bytes of a mail from its fields, as an ordinary mail program does: with an encoded header, and the
// MIME parts nested in the usual way.
//
//	multipart/mixed
//	  multipart/related
//	    multipart/alternative
//	      text/plain            Mail.Text
//	      text/html             Mail.HTML
//	    image/png               Mail.Inline
//	  application/pdf           Mail.Attachments

// Mail is a mail that somebody writes. Equal values with a MessageID and a Date are composed to equal bytes.
type Mail struct {
	From        string            `json:"from,omitempty"` // in the header only; default: the customer
	To          []string          `json:"to"`             // "Name <box@host>" or "box@host"
	Cc          []string          `json:"cc,omitempty"`
	Bcc         []string          `json:"bcc,omitempty"` // recipients that the header doesn't show
	Subject     string            `json:"subject"`
	Text        string            `json:"text,omitempty"`
	HTML        string            `json:"html,omitempty"`
	Attachments []Attachment      `json:"attachments,omitempty"`
	Inline      []Attachment      `json:"inline,omitempty"` // HTML refers to them as cid:ContentID
	InReplyTo   string            `json:"in_reply_to,omitempty"`
	References  []string          `json:"references,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"` // further header fields; they override those above
	MessageID   string            `json:"message_id,omitempty"`
	Date        time.Time         `json:"date,omitzero"`
}

// entity is one MIME part with its header.
type entity struct {
	header textproto.MIMEHeader
	body   []byte
}

// compose returns the bytes of a mail. From, MessageID and Date must be set.
func (m Mail) compose() ([]byte, error) {
	fields, err := m.headerFields()
	if err != nil {
		return nil, err
	}

	root, err := m.buildBody()
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	for _, f := range fields {
		writeField(&out, f.name, f.value)
	}

	writeField(&out, "MIME-Version", "1.0")
	for _, name := range slices.Sorted(maps.Keys(root.header)) {
		writeField(&out, name, root.header.Get(name))
	}

	out.WriteString("\r\n")
	out.Write(root.body)
	return out.Bytes(), nil
}

type headerField struct{ name, value string }

func (m Mail) headerFields() ([]headerField, error) {
	var out []headerField
	add := func(name, value string) {
		_, isOverridden := m.Headers[name]
		if !isOverridden && value != "" {
			out = append(out, headerField{name, value})
		}
	}
	for _, list := range []struct {
		name      string
		addresses []string
	}{{"From", []string{m.From}}, {"To", m.To}, {"Cc", m.Cc}} {
		v, err := addressList(list.addresses)
		if err != nil {
			return nil, fmt.Errorf("mailfake: compose: %s: %w", list.name, err)
		}
		add(list.name, v)
	}

	add("Subject", mime.QEncoding.Encode("utf-8", m.Subject))
	add("Date", m.Date.Format(time.RFC1123Z))
	add("Message-ID", m.MessageID)
	add("In-Reply-To", m.InReplyTo)
	add("References", strings.Join(m.References, " "))

	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		if v := m.Headers[name]; v != "" {
			out = append(out, headerField{name, mime.QEncoding.Encode("utf-8", v)})
		}
	}

	return out, nil
}

func addressList(list []string) (string, error) {
	out := make([]string, 0, len(list))
	for _, s := range list {
		a, err := mail.ParseAddress(s)
		if err != nil {
			return "", err
		}
		out = append(out, a.String())
	}
	return strings.Join(out, ", "), nil
}

// buildBody returns the nested parts of the mail, without levels that have only one part.
func (m Mail) buildBody() (entity, error) {
	var alternatives []entity
	if m.Text != "" || m.HTML == "" {
		alternatives = append(alternatives, textEntity("text/plain", m.Text))
	}
	if m.HTML != "" {
		alternatives = append(alternatives, textEntity("text/html", m.HTML))
	}

	e, err := m.nest("alternative", alternatives)
	if err != nil {
		return e, err
	}

	for _, level := range []struct {
		subtype, disposition string
		files                []Attachment
	}{{"related", "inline", m.Inline}, {"mixed", "attachment", m.Attachments}} {
		parts := []entity{e}
		for _, f := range level.files {
			parts = append(parts, fileEntity(f, level.disposition))
		}

		if e, err = m.nest(level.subtype, parts); err != nil {
			return e, err
		}
	}

	return e, nil
}

// nest wraps parts in a multipart. It returns a single part unchanged.
func (m Mail) nest(subtype string, parts []entity) (entity, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}

	sum := sha256.Sum256([]byte(subtype + m.MessageID))
	boundary := subtype[:3] + "-" + hex.EncodeToString(sum[:12])
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	if err := w.SetBoundary(boundary); err != nil {
		return entity{}, fmt.Errorf("mailfake: compose: %w", err)
	}

	for _, p := range parts {
		pw, err := w.CreatePart(p.header)
		if err == nil {
			_, err = pw.Write(p.body)
		}
		if err != nil {
			return entity{}, fmt.Errorf("mailfake: compose: %w", err)
		}
	}

	if err := w.Close(); err != nil {
		return entity{}, fmt.Errorf("mailfake: compose: %w", err)
	}

	contentType := mime.FormatMediaType("multipart/"+subtype, map[string]string{"boundary": boundary})
	return entity{textproto.MIMEHeader{"Content-Type": {contentType}}, buf.Bytes()}, nil
}

func textEntity(mediaType, text string) entity {
	var buf bytes.Buffer
	w := quotedprintable.NewWriter(&buf)
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	_, _ = io.WriteString(w, text) // writes to a buffer can't fail
	_ = w.Close()
	return entity{textproto.MIMEHeader{
		"Content-Type":              {mediaType + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	}, buf.Bytes()}
}

func fileEntity(f Attachment, disposition string) entity {
	f.Type = cmp.Or(f.Type, "application/octet-stream")
	h := textproto.MIMEHeader{
		"Content-Type":              {f.Type},
		"Content-Transfer-Encoding": {"base64"},
		"Content-Disposition":       {disposition},
	}
	if f.Name != "" {
		h.Set("Content-Type", mime.FormatMediaType(f.Type, map[string]string{"name": f.Name}))
		h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.Name}))
	}
	if f.ContentID != "" {
		h.Set("Content-Id", "<"+strings.Trim(f.ContentID, "<>")+">")
	}

	return entity{h, wrapBase64(f.Content)}
}

// maxColumns is the maximum length of a line of base64 (RFC 2045 section 6.8). Headers are also folded at this length.
const maxColumns = 76

// wrapBase64 encodes a file as lines of base64.
func wrapBase64(content []byte) []byte {
	enc := base64.StdEncoding.EncodeToString(content)
	var buf bytes.Buffer
	for len(enc) > maxColumns {
		buf.WriteString(enc[:maxColumns] + "\r\n")
		enc = enc[maxColumns:]
	}
	buf.WriteString(enc + "\r\n")
	return buf.Bytes()
}

// writeField writes a header field. It folds long values at spaces (RFC 5322 section 2.2.3), and replaces newlines in the
// value by spaces.
func writeField(out *bytes.Buffer, name, value string) {
	out.WriteString(name + ":")
	column := len(name) + 1
	value = strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return ' '
		}
		return r
	}, value)
	for i, word := range strings.Split(value, " ") {
		mayFold := i > 0 && word != ""
		if mayFold && column+1+len(word) > maxColumns {
			out.WriteString("\r\n")
			column = 0
		}

		out.WriteString(" " + word)
		column += 1 + len(word)
	}

	out.WriteString("\r\n")
}
