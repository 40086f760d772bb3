package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"time"
)

// maxControl is the maximum size of a request to an emulator's control API, in bytes.
const maxControl = 64 << 20

// DecodeJSON decodes the body of a request into the value that into points to. An empty body changes nothing;
// an unknown field is an error. On an error it responds with 400 and returns false, and the caller must return.
func DecodeJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if err == nil && len(b) > 0 {
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		err = d.Decode(into)
	}
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return false
	}
	return true
}

// WriteResult responds with {"ok": true} and further members, or with 409 and the error.
func WriteResult(w http.ResponseWriter, members map[string]any, err error) {
	if err != nil {
		writeError(w, http.StatusConflict, err)
		return
	}
	response := map[string]any{"ok": true}
	maps.Copy(response, members)
	WriteJSON(w, http.StatusOK, response)
}

func writeError(w http.ResponseWriter, status int, err error) {
	WriteJSON(w, status, map[string]any{"ok": false, "error": err.Error()})
}

// WriteJSON responds with a status and v as JSON.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // fails only if the client has disconnected
}

// DelayAnswer waits for d in real time. It returns false if the client disconnects before that.
func DelayAnswer(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
