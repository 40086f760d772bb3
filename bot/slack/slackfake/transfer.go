package slackfake

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"parley/channels/emulator"
)

// This file moves the bytes of files: the app sends them to an upload's address (a ticket names the upload),
// and reads them at a file's private address with its token.

// serveUpload takes the bytes of a file, raw or as any field of a multipart form.
func (a *fileAPI) serveUpload(w http.ResponseWriter, r *http.Request) {
	f, u := a.beginUpload(r.PathValue("ticket"))
	if f != nil && !runFaultBefore(w, r, f) {
		return
	}
	if u == nil {
		http.Error(w, "upload url unknown or used", http.StatusNotFound)
		return
	}

	data, err := readFile(w, r)
	if err != nil {
		http.Error(w, "bad upload", http.StatusBadRequest)
		return
	}

	a.endUpload(u, data)
	if f != nil && !runFaultAfter(w, r, f) {
		return
	}

	fmt.Fprintf(w, "OK - %d", len(data))
}

// beginUpload returns the fault that strikes an upload, and the upload of that ticket; each is nil if there is none.
func (a *fileAPI) beginUpload(ticket string) (*emulator.Struck, *upload) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	return a.faults.Strike("upload", ""), a.files.uploads[ticket]
}

// endUpload stores the bytes of a file, which the caller has read without the lock, since the app may be slow.
// A second upload changes nothing.
func (a *fileAPI) endUpload(u *upload, data []byte) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	if !u.done {
		u.done = true
		u.file.SetData(data)
	}
}

func readFile(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFileBytes+1<<20)
	parts, err := r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		return io.ReadAll(r.Body)
	}
	if err != nil {
		return nil, err
	}

	for {
		p, err := parts.NextPart()
		if err != nil {
			return nil, err
		}

		// A file part has a name; web-api and others add plain fields beside it.
		isFileField := p.FormName() == "file" || p.FormName() == "body"
		if p.FileName() != "" || isFileField {
			return io.ReadAll(p)
		}
	}
}

// serveFile gives a file's bytes to a token that may read files, and anybody else a redirect
// to a page, as Slack does.
func (a *fileAPI) serveFile(w http.ResponseWriter, r *http.Request) {
	d := a.beginDownload(r)
	f := d.fault
	if f != nil && !runFaultBefore(w, r, f) {
		return
	}
	if !d.isAllowed {
		http.Redirect(w, r, "/signin?redir="+url.QueryEscape(r.URL.Path), http.StatusFound)
		return
	}
	if !d.isKept {
		http.NotFound(w, r)
		return
	}
	if place, isFirst := strings.CutPrefix(r.URL.Path, "/files-pri/"); isFirst && a.Opt.MovedFiles {
		http.Redirect(w, r, "/files-origin/"+place, http.StatusFound)
		return
	}

	w.Header().Set("Content-Type", d.kind)

	if strings.HasPrefix(r.PathValue("name"), "download/") {
		w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''`+url.PathEscape(d.name))
	}

	isDrop := f != nil && f.Kind == FaultDrop
	if isDrop && f.After { // half the file, then silence
		w.Header().Set("Content-Length", fmt.Sprint(len(d.data)))
		w.Write(d.data[:len(d.data)/2]) //nolint:errcheck // about to be cut
		panic(http.ErrAbortHandler)
	}

	w.Write(d.data) //nolint:errcheck // the client is gone
}

// download is a file that somebody asks for.
type download struct {
	fault      *emulator.Struck // that strikes it; nil if none does
	isAllowed  bool
	isKept     bool // there is such a file, and its bytes: a hosted one may be empty, of others the bytes may be gone
	kind, name string
	data       []byte
}

// beginDownload finds the file that a request is about, and notes that a scope was used for it.
func (a *fileAPI) beginDownload(r *http.Request) download {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	isValid := token == a.grant.Token && !a.grant.Revoked
	d := download{fault: a.faults.Strike("download", ""), isAllowed: isValid && a.grant.Scopes["files:read"]}
	if d.isAllowed {
		a.grant.Used["files:read"] = true
	}

	_, id, _ := strings.Cut(r.PathValue("key"), "-")
	file := a.files.files[id]
	if file == nil {
		return d
	}

	d.kind, d.name, d.data = file.Mimetype, file.Name, file.Data
	d.isKept = d.data != nil || file.Mode == "hosted"
	if file.Mode == canvasMode {
		d.kind, d.data = "text/html; charset=utf-8", []byte("<!DOCTYPE html><html><body>A canvas</body></html>")
	}
	return d
}

func (a *fileAPI) serveSignin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	const page = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>"
	io.WriteString(w, page) //nolint:errcheck // the client is gone
}
