package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"time"
)

// maxControl bounds the body of a driver's request.
const maxControl = 64 << 20

// DecodeJSON decodes a body into the value at into. An empty body changes nothing, an unknown member is an error. On an error it
// answers 400 and returns false: the caller must return.
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

// WriteResult answers {"ok": true} with these members, too, or 409 with the error.
func WriteResult(w http.ResponseWriter, members map[string]any, err error) {
	if err != nil {
		writeError(w, http.StatusConflict, err)
		return
	}
	answer := map[string]any{"ok": true}
	maps.Copy(answer, members)
	WriteJSON(w, http.StatusOK, answer)
}

func writeError(w http.ResponseWriter, status int, err error) {
	WriteJSON(w, status, map[string]any{"ok": false, "error": err.Error()})
}

// WriteJSON answers with a status and v as JSON.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client may have gone
}

// DelayAnswer waits in real time. It returns false if the client has gone meanwhile.
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
