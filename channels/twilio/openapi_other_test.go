package twilio

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"parley/channels/emulator"
)

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
