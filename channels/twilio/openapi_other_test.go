package twilio

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"parley/channels/emulator"
	"parley/channels/twilio/twiliofake"
)

// recordOthers does what the channel doesn't but other programs do: it reads a file's row and removes the file, and makes a content
// of two types and changes it. It returns the requests.
func recordOthers(t *testing.T) []twiliofake.Request {
	t.Helper()
	w := newWorld(t, viaWhatsApp)
	sid := w.annSends(twiliofake.Message{Media: pngMedia("x")})
	list := w.askTwilio(http.MethodGet, "/2010-04-01/Accounts/"+testAccount+"/Messages/"+sid+"/Media.json", "")
	row, _ := list["media_list"].([]any)[0].(map[string]any)["uri"].(string)
	w.askTwilio(http.MethodGet, row, "")
	w.askTwilio(http.MethodDelete, row, "")

	const two = `{"language":"en","types":{"twilio/text":{"body":"x"},"twilio/location":{"latitude":1,"longitude":2}}}`
	content := w.askTwilio(http.MethodPost, "/v1/Content", two)
	w.askTwilio(http.MethodPut, "/v1/Content/"+content["sid"].(string), `{"types":{"twilio/text":{"body":"y"}}}`)
	return w.fake.Requests()
}

// askTwilio calls the emulator's API, with a body in JSON unless that is "", and returns the answer; nil if it is empty.
func (w *world) askTwilio(method, path, body string) (answer map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.fake.URL()+path, strings.NewReader(body))
	noError(w.t, err)
	req.SetBasicAuth(testAccount, testToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := emulator.NewClient().Do(req)
	noError(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	noError(w.t, err)
	if resp.StatusCode/100 != 2 {
		w.t.Fatalf("%s %s was answered with %d: %s", method, path, resp.StatusCode, raw)
	}
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		w.t.Fatalf("%s %s was answered with %s: %v", method, path, raw, err)
	}
	return answer
}
