package upload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"
	"unicode"

	"parley/bridge"
	"parley/channels"
)

// Bounds of a form's fields besides its files.
const (
	mostFields = 100
	fieldBytes = 256 << 10 // of all together
)

// Form is what a browser sent: fields, and files, which are stored.
type Form struct {
	Fields url.Values // valid UTF-8, with "\n" as the end of a line
	Files  []bridge.SurfaceFile
}

// Long gives a request the time that files take on a slow line, and bounds its body. The request that it returns is
// the one to go on with, until cancel is called.
func Long(w http.ResponseWriter, r *http.Request) (long *http.Request, cancel context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), mostTime)
	end := time.Now().Add(mostTime) //nolint:forbidigo // the connection's clock
	control := http.NewResponseController(w)
	_, _ = control.SetReadDeadline(end), control.SetWriteDeadline(end.Add(formTime)) //nolint:errcheck // then the server's stay
	long = r.WithContext(ctx)
	long.Body = http.MaxBytesReader(w, r.Body, mostBytes+1<<20)
	return long, cancel
}

// ReadForm reads a request of Long that has a form with files, in fields named "file", and stores the files one after
// the other as they arrive. store is StoreFile of a Desk. The files of a form that comes to nothing are deleted after a
// while. What was read stands in Form after an error, too.
// Errors: those that Words has words for; the database's.
func ReadForm(r *http.Request, store func(ctx context.Context, r io.Reader, maxBytes int64) (string, int64, error)) (Form, error) {
	form := Form{Fields: url.Values{}}
	parts, err := r.MultipartReader()
	if err != nil {
		return form, errForm
	}
	room := int64(fieldBytes)
	for left := int64(mostBytes); ; {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return form, nil
		case err != nil:
			return form, broken(err)
		case part.FormName() == "": // a part that can't be read: take no file rather than all but this one
			return form, errForm
		case part.FormName() != fieldFile:
			value, err := io.ReadAll(io.LimitReader(part, room+1))
			if err != nil {
				return form, broken(err)
			}
			if room -= int64(len(value)); room < 0 || len(form.Fields) == mostFields {
				return form, &bridge.Problem{Code: "long", Text: "The text is too long.", Hint: "Say it in several messages."}
			}
			form.Fields.Add(part.FormName(), strings.ReplaceAll(strings.ToValidUTF8(string(value), "\uFFFD"), "\r\n", "\n"))
		case part.FileName() != "":
			if len(form.Files) == mostFiles {
				return form, &bridge.Problem{Code: "many", Text: fmt.Sprintf("These are too many: at most %d files at once.", mostFiles)}
			}
			f, err := storePart(r.Context(), part, left, store)
			if err != nil {
				return form, err
			}
			left -= f.SizeBytes
			form.Files = append(form.Files, f)
		}
	}
}

// Words says, for people, why a form was not taken, and with which status to answer; text "" = the error is not the
// sender's.
func Words(err error) (text string, status int) {
	var problem *bridge.Problem
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &problem):
		return strings.TrimSpace(problem.Text + " " + problem.Hint), http.StatusUnprocessableEntity
	case errors.Is(err, bridge.ErrNoConversation):
		return "There is no such conversation.", http.StatusNotFound
	case errors.Is(err, bridge.ErrTooLarge), errors.As(err, &tooBig):
		return fmt.Sprintf("That is too much at once: at most %s. Send a link to it instead.", channels.SizeWords(mostBytes)), http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("That took longer than %d minutes: nothing was sent. Send less at once.", int(mostTime.Minutes())), http.StatusUnprocessableEntity
	}
	return "", http.StatusInternalServerError
}

// errForm is returned for a request that isn't the form of a page of ours.
var errForm = &bridge.Problem{Code: "form", Text: "This is not what the page sends.", Hint: "Open it again from the conversation."}

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

// storePart keeps one file, of at most so many bytes.
func storePart(ctx context.Context, part *multipart.Part, most int64, store func(context.Context, io.Reader, int64) (string, int64, error)) (f bridge.SurfaceFile, err error) {
	f.Name, f.ContentType = called(escaped(part.FileName()), part.Header.Get("Content-Type"))
	f.Blob, f.SizeBytes, err = store(ctx, part, most)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errForm
	case err == nil && f.SizeBytes == 0:
		err = &bridge.Problem{Code: "empty", Text: f.Name + " is empty.", Hint: "Choose another file."}
	}
	f.ID = f.Blob
	return f, err
}
