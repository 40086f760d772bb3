package slackfake

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// serveUpload takes the bytes of a file, raw or as any field of a multipart form.
func (a *fileAPI) serveUpload(w http.ResponseWriter, r *http.Request) {
	a.Mu.Lock()
	f := a.faults.Strike("upload", "")
	u := a.files.uploads[r.PathValue("ticket")]
	a.Mu.Unlock()

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

	a.Mu.Lock()

	if !u.done {
		u.done = true
		u.file.SetData(data)
	}

	a.Mu.Unlock()

	if f != nil && !runFaultAfter(w, r, f) {
		return
	}

	fmt.Fprintf(w, "OK - %d", len(data))
}

// readFile reads the bytes of an upload.
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
	a.Mu.Lock()
	f := a.faults.Strike("download", "")
	_, id, _ := strings.Cut(r.PathValue("key"), "-")
	file := a.files.files[id]
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	isValid := token == a.grant.Token && !a.grant.Revoked
	may := isValid && a.grant.Scopes["files:read"]
	var data []byte
	var kind, name string
	isKept := false // a hosted file may be empty; of others the bytes may be gone
	if file != nil {
		data = file.Data
		kind = file.Mimetype
		name = file.Name
		isKept = data != nil || file.Mode == "hosted"
		if file.Mode == canvasMode {
			kind, data = "text/html; charset=utf-8", []byte("<!DOCTYPE html><html><body>A canvas</body></html>")
		}
	}

	if may {
		a.grant.Used["files:read"] = true
	}

	a.Mu.Unlock()

	if f != nil && !runFaultBefore(w, r, f) {
		return
	}
	if !may {
		http.Redirect(w, r, "/signin?redir="+url.QueryEscape(r.URL.Path), http.StatusFound)
		return
	}
	if !isKept {
		http.NotFound(w, r)
		return
	}
	if place, isFirst := strings.CutPrefix(r.URL.Path, "/files-pri/"); isFirst && a.Opt.MovedFiles {
		http.Redirect(w, r, "/files-origin/"+place, http.StatusFound)
		return
	}

	w.Header().Set("Content-Type", kind)

	if strings.HasPrefix(r.PathValue("name"), "download/") {
		w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''`+url.PathEscape(name))
	}

	isDrop := f != nil && f.Kind == FaultDrop
	if isDrop && f.After { // half the file, then silence
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:len(data)/2]) //nolint:errcheck // about to be cut
		panic(http.ErrAbortHandler)
	}

	w.Write(data) //nolint:errcheck // the client is gone
}

func (a *fileAPI) serveSignin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>") //nolint:errcheck // the client is gone
}
