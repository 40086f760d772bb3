package upload

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parley/bot/view"
	"parley/bridge"
)

// Names of the form's fields.
const (
	fieldText = "text" // that of a reply's form
	fieldFile = "file"
)

// checkBytes bounds the body of a check, which has a text and the names of files, but no files.
const checkBytes = 64 << 10

// take stores the files of a reply as they arrive, then submits the reply. The files of a reply that is
// not submitted are deleted after a while.
func (p *Page) take(w http.ResponseWriter, r *http.Request, t Ticket, s shown) {
	ctx, cancel := context.WithTimeout(r.Context(), mostTime)
	defer cancel()
	end := time.Now().Add(mostTime) //nolint:forbidigo // the connection's clock
	control := http.NewResponseController(w)
	_, _ = control.SetReadDeadline(end), control.SetWriteDeadline(end.Add(formTime)) //nolint:errcheck // then the server's stay
	if !p.admit(ctx, w, t, &s) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostBytes+1<<20)
	reply, err := p.read(ctx, r)
	s.Text = reply.Text
	if err == nil {
		err = p.accepts(ctx, t, reply)
	}
	if err != nil {
		p.refuse(w, err, s)
		return
	}
	already, err := p.opt.HandIn(ctx, t, reply)
	if err != nil {
		p.refuse(w, err, s)
		return
	}
	p.sent(w, s, already)
}

// check tells the page whether a reply would be taken, before the browser sends its files.
func (p *Page) check(w http.ResponseWriter, r *http.Request, t Ticket, s shown) {
	ctx, cancel := context.WithTimeout(r.Context(), formTime)
	defer cancel()
	if !p.admit(ctx, w, t, &s) {
		return
	}
	var reply Reply
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, checkBytes)).Decode(&reply)
	if err != nil {
		err = errForm
	} else {
		err = p.accepts(ctx, t, reply)
	}
	if err != nil {
		p.refuse(w, err, s)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// accepts checks a reply like one from a form, and whether the channel carries its files.
// Errors: *bridge.Problem, the desk's.
func (p *Page) accepts(ctx context.Context, t Ticket, r Reply) error {
	if len(r.Files) == 0 {
		return &bridge.Problem{Code: "no_file", Text: "Choose at least one file."}
	}
	for i := range r.Files {
		r.Files[i].Name, r.Files[i].ContentType = called(r.Files[i].Name, r.Files[i].ContentType)
	}
	text, err := Text(t, r)
	if err != nil {
		return err
	}
	return p.opt.Desk.MayReply(ctx, t.Conversation, t.User, text, r.Files)
}

// Text gives the text of a reply as it goes to the customer; "" for files alone.
// Errors: *bridge.Problem for what looks like a note or a verb.
func Text(t Ticket, r Reply) (string, error) {
	if strings.TrimSpace(r.Text) == "" {
		return "", nil
	}
	filled, wrong := view.Submit(bridge.VerbReply, bridge.Args{Conversation: t.Conversation}, map[string][]string{fieldText: {r.Text}}, time.Time{}, nil)
	for _, problem := range wrong {
		return "", &bridge.Problem{Code: "text", Text: problem}
	}
	return filled.Text, nil
}

// errForm is returned for a request that isn't this page's form.
var errForm = &bridge.Problem{Code: "form", Text: "This is not what the page sends.", Hint: "Open it again from the conversation."}

// read stores the files of a request, one after the other.
// Errors: *bridge.Problem, bridge.ErrTooLarge, *http.MaxBytesError, the database's.
func (p *Page) read(ctx context.Context, r *http.Request) (Reply, error) {
	var out Reply
	parts, err := r.MultipartReader()
	if err != nil {
		return out, errForm
	}
	for left := int64(mostBytes); ; {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return out, broken(err)
		case part.FormName() == "": // a part that can't be read: take no file rather than all but this one
			return out, errForm
		case part.FormName() == fieldText:
			text, err := io.ReadAll(io.LimitReader(part, textRunes*utf8.UTFMax+1))
			if err != nil {
				return out, broken(err)
			}
			if out.Text = strings.ReplaceAll(strings.ToValidUTF8(string(text), "\uFFFD"), "\r\n", "\n"); utf8.RuneCountInString(out.Text) > textRunes {
				return out, &bridge.Problem{Code: "long", Text: fmt.Sprintf("The text is too long: at most %d characters.", textRunes)}
			}
		case part.FormName() == fieldFile && part.FileName() != "":
			if len(out.Files) == mostFiles {
				return out, &bridge.Problem{Code: "many", Text: fmt.Sprintf("These are too many: at most %d files at once.", mostFiles)}
			}
			f, err := p.store(ctx, part, left)
			if err != nil {
				return out, err
			}
			left -= f.SizeBytes
			out.Files = append(out.Files, f)
		}
	}
}

// broken tells what is wrong with a request that can't be read to its end.
func broken(err error) error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return errForm
}

// called cleans the name and the type that a browser gives a file.
func called(name, kind string) (string, string) {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD")))
	switch name {
	case "", ".", "..", "/":
		name = "file"
	}
	kind, _, err := mime.ParseMediaType(kind)
	if err != nil || !strings.Contains(kind, "/") || kind == "application/octet-stream" {
		kind, _, _ = strings.Cut(mime.TypeByExtension(path.Ext(name)), ";")
	}
	return name, cmp.Or(kind, "application/octet-stream")
}

// escaped undoes what browsers do to a file's name in a form.
// Source: html.spec.whatwg.org, "multipart/form-data encoding algorithm", read 2026-11.
func escaped(name string) string {
	return strings.NewReplacer("%22", `"`, "%0D", " ", "%0A", " ").Replace(name)
}

// store keeps one file, of at most so many bytes.
func (p *Page) store(ctx context.Context, part *multipart.Part, most int64) (f bridge.SurfaceFile, err error) {
	f.Name, f.ContentType = called(escaped(part.FileName()), part.Header.Get("Content-Type"))
	f.Blob, f.SizeBytes, err = p.opt.Desk.StoreFile(ctx, part, most)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errForm
	case err == nil && f.SizeBytes == 0:
		err = &bridge.Problem{Code: "empty", Text: f.Name + " is empty.", Hint: "Choose another file."}
	}
	f.ID = f.Blob
	return f, err
}
