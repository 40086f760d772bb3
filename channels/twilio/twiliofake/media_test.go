package twiliofake

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// pictureFromAnn lets Ann send a picture. It returns the path of its row, as the list of the message's files has it.
func pictureFromAnn(t *testing.T, s *Server) (rowPath string) {
	t.Helper()
	sid, err := s.Phone(ann, ours, "").Send(Message{Media: []Media{{ContentType: "image/png", Content: []byte("picture")}}})
	noError(t, err)
	status, list := ask(t, s, http.MethodGet, strings.TrimSuffix(messagePath(sid), ".json")+"/Media.json", nil)
	wantEqual(t, "status of the list of files", status, http.StatusOK)
	row := list["media_list"].([]any)[0].(map[string]any)
	return row["uri"].(string)
}

// The id of a message of ours says whether it has files.
// Source: Twilio's OpenAPI description, examples of the Messages resource.
func TestKindOfMessageID(t *testing.T) {
	t.Parallel()
	s := start(t)
	withFile := url.Values{"To": {waPrefix + ann}, "From": {oursWA}, "MediaUrl": {"https://x.test/a.png"}}
	for kind, form := range map[string]url.Values{"SM": textTo(ann), "MM": withFile} {
		status, message := ask(t, s, http.MethodPost, messagesPath, form)
		wantEqual(t, "status of "+kind, status, http.StatusCreated)
		wantEqual(t, "kind of id", message["sid"].(string)[:2], kind)
	}
}

// The path in the list of files leads to the file's row.
func TestMediaRow(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := pictureFromAnn(t, s)
	status, row := ask(t, s, http.MethodGet, path, nil)
	wantEqual(t, "status", status, http.StatusOK)
	wantEqual(t, "content type of the file", row["content_type"], any("image/png"))
	wantEqual(t, "address of the row", row["uri"], any(path))
}

// The same path without .json leads to the file itself, on another host that needs no credentials.
func TestMediaFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+strings.TrimSuffix(pictureFromAnn(t, s), ".json"), nil)
	noError(t, err)
	req.SetBasicAuth(account, "token")
	resp, err := s.client.Transport.RoundTrip(req) // doesn't follow
	noError(t, err)
	_ = resp.Body.Close()
	wantEqual(t, "status", resp.StatusCode, http.StatusTemporaryRedirect)
	wantEqual(t, "content", read(t, s, resp.Header.Get("Location")), "picture")
}

// read returns what is at an address.
func read(t *testing.T, s *Server, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	noError(t, err)
	resp, err := s.client.Do(req)
	noError(t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	noError(t, err)
	return string(content)
}

// A file that was removed is gone from both of its paths and from the list.
func TestRemoveMedia(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := pictureFromAnn(t, s)
	wantEqual(t, "status", remove(t, s, path), http.StatusNoContent)
	for _, at := range []string{path, strings.TrimSuffix(path, ".json")} {
		wantRefused(t, s, "a removed file", apiCall{method: http.MethodGet, path: at}, http.StatusNotFound, codeNotFound)
	}
	_, list := ask(t, s, http.MethodGet, path[:strings.LastIndex(path, "/")]+".json", nil)
	wantEqual(t, "number of files of the message", len(list["media_list"].([]any)), 0)
}

// A file is found only below its own message.
func TestMediaOfOtherMessage(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := pictureFromAnn(t, s)
	other := strings.TrimSuffix(messagePath(mustSend(t, s)["sid"].(string)), ".json") + path[strings.Index(path, "/Media/"):]
	tests := []struct {
		name   string
		method string
		path   string
	}{
		{name: "row", method: http.MethodGet, path: other},
		{name: "file", method: http.MethodGet, path: strings.TrimSuffix(other, ".json")},
		{name: "removal", method: http.MethodDelete, path: other},
	}
	for _, tt := range tests {
		wantRefused(t, s, tt.name, apiCall{method: tt.method, path: tt.path}, http.StatusNotFound, codeNotFound)
	}
}

// Twilio doesn't accept all types of files. By WhatsApp it accepts more than as an MMS.
func TestAcceptedTypes(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string][2]bool{ // by WhatsApp, as an MMS
		"image/png":               {true, true},
		"text/csv; charset=utf-8": {true, true},
		"application/msword":      {true, false},
		"application/zip":         {false, false},
	} {
		wantEqual(t, kind+" by WhatsApp", isAccepted(kind, true), want[0])
		wantEqual(t, kind+" as an MMS", isAccepted(kind, false), want[1])
	}
}
