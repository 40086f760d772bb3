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

// Forms with files. Go's own ParseMultipartForm puts large files on the disk of this machine; ReadForm instead passes
// each file to the store as it arrives, within bounds of size and time.

// Bounds of a form's fields besides its files.
const (
	maxFields     = 100
	maxFieldBytes = 256 << 10 // of all together
)

// maxFormBytes bounds a whole request: files, and some room for fields and what surrounds the parts.
const maxFormBytes = maxTotalBytes + 1<<20

// Form is what a browser sent: fields, and files, which are stored.
type Form struct {
	Fields url.Values // valid UTF-8, with "\n" as the end of a line
	Files  []bridge.SurfaceFile
}

// AllowFiles returns a copy of a request that has the time which files take on a slow line, and a bounded body. The caller
// goes on with the copy, and calls cancel at the end.
func AllowFiles(w http.ResponseWriter, r *http.Request) (allowed *http.Request, cancel context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), filesTimeout)
	end := time.Now().Add(filesTimeout) //nolint:forbidigo // the connection's clock
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(end)                   //nolint:errcheck // then the server's stays
	_ = control.SetWriteDeadline(end.Add(formTimeout)) //nolint:errcheck // then the server's stays
	allowed = r.WithContext(ctx)
	allowed.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	return allowed, cancel
}

// Store keeps a file of maxBytes at most. It is StoreFile of a Desk.
type Store func(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error)

// ReadForm reads a request of AllowFiles that has a form with files, in fields named "file". It stores the files one
// after the other as they arrive. Files of a form from which no reply is made are deleted after a while. After an
// error, Form has what was read before it.
// Errors: those that Words has words for; the database's.
func ReadForm(r *http.Request, store Store) (Form, error) {
	reader := formReader{
		form:       Form{Fields: url.Values{}},
		fieldBytes: maxFieldBytes,
		fileBytes:  maxTotalBytes,
		store:      store,
	}

	parts, err := r.MultipartReader()
	if err != nil {
		return reader.form, errForm
	}

	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return reader.form, nil
		}
		if err != nil {
			return reader.form, readError(err)
		}
		if err := reader.readPart(r.Context(), part); err != nil {
			return reader.form, err
		}
	}
}

// formReader reads a form part by part.
type formReader struct {
	form       Form
	fieldBytes int64 // how many bytes more its fields may have
	fileBytes  int64 // how many bytes more its files may have
	store      Store
}

// readPart reads one part of a form: a field or a file.
func (fr *formReader) readPart(ctx context.Context, part *multipart.Part) error {
	if part.FormName() == "" { // a part that can't be read: refuse all files rather than lose this one
		return errForm
	}
	if part.FormName() != fieldFile {
		return fr.readField(part)
	}
	if part.FileName() == "" { // a field for files in which none was chosen
		return nil
	}
	return fr.readFile(ctx, part)
}

func (fr *formReader) readField(part *multipart.Part) error {
	raw, err := io.ReadAll(io.LimitReader(part, fr.fieldBytes+1))
	if err != nil {
		return readError(err)
	}
	fr.fieldBytes -= int64(len(raw))
	if fr.fieldBytes < 0 || len(fr.form.Fields) == maxFields {
		return &bridge.Problem{Code: "long", Text: "The text is too long.", Hint: "Say it in several messages."}
	}
	value := strings.ReplaceAll(strings.ToValidUTF8(string(raw), "\uFFFD"), "\r\n", "\n")
	fr.form.Fields.Add(part.FormName(), value)
	return nil
}

func (fr *formReader) readFile(ctx context.Context, part *multipart.Part) error {
	if len(fr.form.Files) == maxFiles {
		return &bridge.Problem{Code: "many", Text: fmt.Sprintf("These are too many: at most %d files at once.", maxFiles)}
	}
	f, err := storePart(ctx, part, fr.fileBytes, fr.store)
	if err != nil {
		return err
	}
	fr.fileBytes -= f.SizeBytes
	fr.form.Files = append(fr.form.Files, f)
	return nil
}

// Words says, for people, why a form was refused, and with which status to answer. text is "" if the error is not the
// sender's.
func Words(err error) (text string, status int) {
	var problem *bridge.Problem
	var tooBig *http.MaxBytesError

	if errors.As(err, &problem) {
		return strings.TrimSpace(problem.Text + " " + problem.Hint), http.StatusUnprocessableEntity
	}
	if errors.Is(err, bridge.ErrNoConversation) {
		return "There is no such conversation.", http.StatusNotFound
	}
	if errors.Is(err, bridge.ErrTooLarge) || errors.As(err, &tooBig) {
		return fmt.Sprintf("That is too much at once: at most %s. Send a link to it instead.", channels.SizeWords(maxTotalBytes)),
			http.StatusRequestEntityTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("That took longer than %d minutes: nothing was sent. Send less at once.", int(filesTimeout.Minutes())),
			http.StatusUnprocessableEntity
	}

	return "", http.StatusInternalServerError
}

// errForm is returned for a request that isn't the form of a page of ours.
var errForm = &bridge.Problem{Code: "form", Text: "This is not what the page sends.", Hint: "Open it again from the conversation."}

// readError returns what is wrong with a request that can't be read to its end.
func readError(err error) error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return errForm
}

// cleanName makes a file's name, as a browser gives it, a name without folders and control characters.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.TrimSpace(strings.Map(controlToBlank, strings.ToValidUTF8(name, "\uFFFD")))
	switch name {
	case "", ".", "..", "/":
		return "file"
	}
	return name
}

func controlToBlank(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// unknownType is the content type of a file whose type isn't known.
const unknownType = "application/octet-stream"

// cleanType returns a file's content type: the one that a browser gives it, or else one by the ending of its name.
func cleanType(given, name string) string {
	contentType, _, err := mime.ParseMediaType(given)
	isReadable := err == nil && strings.Contains(contentType, "/")
	if isReadable && contentType != unknownType {
		return contentType
	}
	byName, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(name)), ";")
	return cmp.Or(byName, unknownType)
}

// unescapeName undoes what browsers do to a file's name in a form.
// Source: html.spec.whatwg.org, "multipart/form-data encoding algorithm", read 2026-11.
func unescapeName(name string) string {
	return strings.NewReplacer("%22", `"`, "%0D", " ", "%0A", " ").Replace(name)
}

// storePart keeps one file, of maxBytes at most.
func storePart(ctx context.Context, part *multipart.Part, maxBytes int64, store Store) (bridge.SurfaceFile, error) {
	name := cleanName(unescapeName(part.FileName()))
	blob, size, err := store(ctx, part, maxBytes)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return bridge.SurfaceFile{}, errForm
	}
	if err != nil {
		return bridge.SurfaceFile{}, err
	}
	if size == 0 {
		return bridge.SurfaceFile{}, &bridge.Problem{Code: "empty", Text: name + " is empty.", Hint: "Choose another file."}
	}

	return bridge.SurfaceFile{
		ID:          blob,
		Name:        name,
		ContentType: cleanType(part.Header.Get("Content-Type"), name),
		Blob:        blob,
		SizeBytes:   size,
	}, nil
}
