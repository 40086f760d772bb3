package emulator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxControl bounds the body of a driver's request.
const maxControl = 64 << 20

// Read decodes a strict JSON body; an empty one is the zero value. False says that the
// request is answered.
func Read(w http.ResponseWriter, r *http.Request, into any) bool {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if err == nil && len(b) > 0 {
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.DisallowUnknownFields()
		err = d.Decode(into)
	}
	if err != nil {
		Write(w, http.StatusBadRequest, map[string]any{"ok": false, "error": err.Error()})
		return false
	}
	return true
}

// Done answers ok with more members, or 409 with the error.
func Done(w http.ResponseWriter, out map[string]any, err error) {
	if err != nil {
		Write(w, http.StatusConflict, map[string]any{"ok": false, "error": err.Error()})
		return
	}
	if out == nil {
		out = map[string]any{}
	}
	out["ok"] = true
	Write(w, http.StatusOK, out)
}

// Write answers with JSON.
func Write(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b)
}

// Pause waits in real time; false when the client has gone meanwhile.
func Pause(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
