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

// This file serves the upload and download of files. The app uploads a file to a URL that contains a ticket,
// which identifies the upload, and downloads files from their private URLs with its token. Bodies are transferred
// without holding the lock, since the app may be slow. Tests can inject faults, such as a dropped connection.

// serveUpload receives a file, either as the raw body or as a field of a multipart form.
func (a *fileAPI) serveUpload(w http.ResponseWriter, r *http.Request) {
	fault, u := a.beginUpload(r.PathValue("ticket"))
	if fault != nil && !runFaultBefore(w, r, fault) {
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
	if fault != nil && !runFaultAfter(w, r, fault) {
		return
	}

	fmt.Fprintf(w, "OK - %d", len(data))
}

// beginUpload returns the fault that a test has injected for this upload, and the upload with the ticket.
// Either may be nil.
func (a *fileAPI) beginUpload(ticket string) (*emulator.Struck, *upload) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	return a.faults.Strike("upload", ""), a.files.uploads[ticket]
}

// endUpload stores the data of an upload. A second upload with the same ticket is ignored.
func (a *fileAPI) endUpload(u *upload, data []byte) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	if !u.done {
		u.done = true
		u.file.SetData(data)
	}
}

// readFile returns the file in the body of a request.
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
		part, err := parts.NextPart()
		if err != nil {
			return nil, err
		}

		// The part with the file has a file name. @slack/web-api and others also send plain fields.
		isFileField := part.FormName() == "file" || part.FormName() == "body"
		if part.FileName() != "" || isFileField {
			return io.ReadAll(part)
		}
	}
}

// serveFile sends a file if the token may read files. Otherwise it redirects to the sign-in page, as Slack does.
func (a *fileAPI) serveFile(w http.ResponseWriter, r *http.Request) {
	d := a.beginDownload(r)
	fault := d.fault
	if fault != nil && !runFaultBefore(w, r, fault) {
		return
	}
	if !d.isAllowed {
		http.Redirect(w, r, "/signin?redir="+url.QueryEscape(r.URL.Path), http.StatusFound)
		return
	}
	if !d.exists {
		http.NotFound(w, r)
		return
	}
	if path, isFirstURL := strings.CutPrefix(r.URL.Path, "/files-pri/"); isFirstURL && a.Opt.MovedFiles {
		http.Redirect(w, r, "/files-origin/"+path, http.StatusFound)
		return
	}

	w.Header().Set("Content-Type", d.mimetype)

	if strings.HasPrefix(r.PathValue("name"), "download/") {
		w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''`+url.PathEscape(d.name))
	}

	isDrop := fault != nil && fault.Kind == FaultDrop
	if isDrop && fault.After { // send half of the file, then drop the connection
		w.Header().Set("Content-Length", fmt.Sprint(len(d.data)))
		w.Write(d.data[:len(d.data)/2]) //nolint:errcheck // the connection is dropped anyway
		panic(http.ErrAbortHandler)
	}

	w.Write(d.data) //nolint:errcheck // the client is gone
}

// download is the result of looking up a requested file.
type download struct {
	fault     *emulator.Struck // injected by a test, or nil
	isAllowed bool             // the token may read files
	exists    bool             // the file is known and has data; only a hosted file may be empty
	mimetype  string
	name      string
	data      []byte
}

// beginDownload looks up the file that a request names, and records the use of the scope files:read.
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

	d.mimetype, d.name, d.data = file.Mimetype, file.Name, file.Data
	d.exists = d.data != nil || file.Mode == "hosted"
	if file.Mode == canvasMode {
		d.mimetype, d.data = "text/html; charset=utf-8", []byte("<!DOCTYPE html><html><body>A canvas</body></html>")
	}
	return d
}

func (a *fileAPI) serveSignin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	const page = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>"
	io.WriteString(w, page) //nolint:errcheck // the client is gone
}
