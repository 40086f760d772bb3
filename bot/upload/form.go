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

// This file reads HTML forms with file uploads. Unlike ParseMultipartForm of net/http, which writes large files to the local
// disk, ReadForm streams each file to a store as it arrives. Total size, number of files and time are limited.

// Limits of a form's fields other than files.
const (
	maxFields     = 100
	maxFieldBytes = 256 << 10 // of all fields together
)

// maxFormBytes is the maximum size of a request: the files, and 1 MB for fields and multipart headers.
const maxFormBytes = maxTotalBytes + 1<<20

// Form is a form that a browser sent. Its files are stored.
type Form struct {
	Fields url.Values // valid UTF-8, lines end with "\n"
	Files  []bridge.SurfaceFile
}

// AllowFiles returns a copy of a request with limits for uploads: more time than other requests, and a maximum size. The caller
// must use the copy instead of the request, and call cancel when done.
func AllowFiles(w http.ResponseWriter, r *http.Request) (allowed *http.Request, cancel context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), filesTimeout)
	end := time.Now().Add(filesTimeout) //nolint:forbidigo // the connection's clock
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(end)                   //nolint:errcheck // otherwise the server's own deadline applies
	_ = control.SetWriteDeadline(end.Add(formTimeout)) //nolint:errcheck // otherwise the server's own deadline applies
	allowed = r.WithContext(ctx)
	allowed.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	return allowed, cancel
}

// Store stores a file of at most maxBytes. Desk.StoreFile is a Store.
type Store func(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error)

// ReadForm reads a multipart form and stores the files of its fields named "file". The request must come from AllowFiles. After
// an error, Form has what was read before. Stored files that no reply uses are deleted after a while.
// Errors: those that Words explains; the store's.
func ReadForm(r *http.Request, store Store) (Form, error) {
	reader := formReader{
		form: Form{Fields: url.Values{}}, fieldBytes: maxFieldBytes, fileBytes: maxTotalBytes, store: store,
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
	fieldBytes int64 // bytes left for fields
	fileBytes  int64 // bytes left for files
	store      Store
}

// readPart reads one part of a form: a field or a file.
func (fr *formReader) readPart(ctx context.Context, part *multipart.Part) error {
	if part.FormName() == "" { // malformed; it may be a file, which must not get lost without notice
		return errForm
	}
	if part.FormName() != fieldFile {
		return fr.readField(part)
	}
	if part.FileName() == "" { // the browser sends an empty part if no file was chosen
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
	file, err := storePart(ctx, part, fr.fileBytes, fr.store)
	if err != nil {
		return err
	}
	fr.fileBytes -= file.SizeBytes
	fr.form.Files = append(fr.form.Files, file)
	return nil
}

// Words explains to the sender why a form was refused, and returns the HTTP status for the response. text is "" if the error
// isn't the sender's fault.
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

// errForm is the error for a malformed request, which our pages don't send.
var errForm = &bridge.Problem{Code: "form", Text: "This is not what the page sends.", Hint: "Open it again from the conversation."}

// readError converts an error of reading a request. Errors of size and time stay as they are, all others become errForm.
func readError(err error) error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return errForm
}

// cleanName removes folders and control characters from a file name that a browser sent.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD")))
	switch name {
	case "", ".", "..", "/":
		return "file"
	}
	return name
}

// unknownType is the content type of a file whose type isn't known.
const unknownType = "application/octet-stream"

// cleanType returns a file's content type without parameters: the one that the browser sent, or otherwise the one of the name's
// extension.
func cleanType(sent, name string) string {
	contentType, _, err := mime.ParseMediaType(sent)
	isValid := err == nil && strings.Contains(contentType, "/")
	if isValid && contentType != unknownType {
		return contentType
	}
	byExtension, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(name)), ";")
	return cmp.Or(byExtension, unknownType)
}

// unescapeName decodes the escapes that browsers use for file names in a form. Line breaks become spaces.
// Source: html.spec.whatwg.org, "multipart/form-data encoding algorithm", read 2026-11.
func unescapeName(name string) string {
	return strings.NewReplacer("%22", `"`, "%0D", " ", "%0A", " ").Replace(name)
}

// storePart stores one file of at most maxBytes. It refuses empty files.
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
		ID: blob, Name: name, ContentType: cleanType(part.Header.Get("Content-Type"), name), Blob: blob,
		SizeBytes: size,
	}, nil
}
