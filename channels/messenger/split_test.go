package messenger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/channels/graph"
)

// Every event is a fact of its own, named for what it tells.
func TestSplitNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ event, id string }{
		"message":   {`"message":{"mid":"m_1","text":"x"}`, "m:m_1"},
		"edit":      {`"message_edit":{"mid":"m_1","text":"x","num_edit":3}`, "e:m_1:3"},
		"react":     {`"reaction":{"mid":"m_1","action":"react","emoji":"x"}`, "r:m_1:" + testPSID + ":react:1700000000123"},
		"unreact":   {`"reaction":{"mid":"m_1","action":"unreact"}`, "r:m_1:" + testPSID + ":unreact:1700000000123"},
		"postback":  {`"postback":{"mid":"m_1","payload":"x"}`, "m:m_1"},
		"read":      {`"read":{"watermark":5}`, "read:" + testPSID + ":5"},
		"delivered": {`"delivery":{"watermark":6,"mids":["m_1"]}`, "delivered:" + testPSID + ":6"},
	} {
		facts := split(hookBody("messaging", c.event))
		if len(facts) != 1 {
			t.Fatalf("%s: split into %+v, want one fact", name, facts)
		}
		wantEqual(t, name+": id", facts[0].ExternalID, c.id)
		wantFact(t, facts[0], testPSID)
	}
}

// An id that is too long for the database becomes its digest.
func TestSplitLongID(t *testing.T) {
	t.Parallel()
	id := split(hookBody("messaging", `"message":{"mid":"m_`+strings.Repeat("x", 1000)+`","text":"x"}`))[0].ExternalID
	if !strings.HasPrefix(id, "m:#") {
		t.Errorf("got the id %q, want one that begins with m:#", id)
	}
	if len(id) > maxIDBytes {
		t.Errorf("got an id of %d bytes, want at most %d", len(id), maxIDBytes)
	}
}

// A batch for two Pages with a bad event in the middle: the bad one is kept aside, the
// others go their ways, in order.
func TestSplitBatch(t *testing.T) {
	t.Parallel()
	event := func(mid string) string {
		return fmt.Sprintf(`{"sender":{"id":"25"},"recipient":{"id":"1"},"timestamp":1,"message":{"mid":"%s"}}`, mid)
	}
	body := `{"object":"page","entry":[{"id":"1","messaging":[` + event("a") + `,{"sender":{"id":5}},` + event("b") + `]},
		{"id":"x y"},{"id":"2","messaging":[{"sender":{"id":"2"},"recipient":{"id":"26"},"message":{"mid":"c","is_echo":true}}],"standby":[` +
		`{"sender":{"id":"27"},"recipient":{"id":"2"},"message":{"mid":"d"}},{"sender":{"id":"2"}}]},{"id":"3","changes":[{"field":"feed"}]}]}`
	var got []string
	for _, f := range split([]byte(body)) {
		got = append(got, strings.Join([]string{f.ExternalID[:2], f.OrderKey, f.Owner, f.Quarantine}, "|"))
	}
	want := []string{"m:|25|1|", "x:|unreadable|1|an event without a person", "m:|25|1|", "x:|unreadable||an entry without a Page",
		"m:|26|2|", "m:|27|2|", "x:|unreadable|2|an event without a person"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("split into\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What isn't a webhook of a Page is kept as it came, in quarantine.
func TestSplitUnreadable(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "[]", "{}", "riddle", `{"object":"instagram","entry":[]}`, `{"object":"page","entry":5}`} {
		facts := split([]byte(body))
		if len(facts) != 1 || facts[0].Quarantine == "" {
			t.Fatalf("%q was split into %+v, want one fact in quarantine", body, facts)
		}
		wantEqual(t, "payload", string(facts[0].Payload), body)
	}
}

// Each event of a large batch has a name of its own.
func TestSplitThousand(t *testing.T) {
	t.Parallel()
	const events = 1000
	var body bytes.Buffer
	body.WriteString(`{"object":"page","entry":[{"id":"1","messaging":[`)
	for i := range events {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"sender":{"id":"%d"},"recipient":{"id":"1"},"timestamp":%d,"message":{"mid":"m_%d","text":"Hi"}}`, i%7+100, i, i)
	}
	body.WriteString(`]}]}`)
	names := map[string]bool{}
	for _, f := range split(body.Bytes()) {
		names[f.ExternalID] = true
	}
	wantEqual(t, "different names", len(names), events)
}

// We sign as Meta's reference does, by a vector of its own.
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	const vector = "sha256=aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"
	wantEqual(t, "signature", graph.Sign([]byte("secret"), []byte(`{"a":1}`)), vector)
}

// Edge case 6: bytes are verified as they came, and without a right signature nothing is taken.
func TestSignature(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	body := hookBody("messaging", `"message":{"mid":"m_1","text":"\u00fcber \ud83d\ude00"}`)
	var loose any
	noError(t, json.Unmarshal(body, &loose))
	again, _ := json.Marshal(loose)
	sign := func(secret string, body []byte) string { return graph.Sign([]byte(secret), body) }
	for name, c := range map[string]struct {
		signature string
		status    int
		facts     int // that are taken
	}{
		"right":         {signature: sign(testSecret, body), status: http.StatusOK, facts: 1},
		"upper case":    {signature: strings.ToUpper(sign(testSecret, body)), status: http.StatusForbidden},
		"re-encoded":    {signature: sign(testSecret, again), status: http.StatusForbidden},
		"other secret":  {signature: sign("other", body), status: http.StatusForbidden},
		"no secret":     {signature: sign("", body), status: http.StatusForbidden},
		"none":          {signature: "", status: http.StatusForbidden},
		"other algo":    {signature: strings.Replace(sign(testSecret, body), "sha256=", "sha1=", 1), status: http.StatusForbidden},
		"without algo":  {signature: strings.TrimPrefix(sign(testSecret, body), "sha256="), status: http.StatusForbidden},
		"not even hex":  {signature: "sha256=riddle", status: http.StatusForbidden},
		"a shorter one": {signature: sign(testSecret, body)[:40], status: http.StatusForbidden},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/page", bytes.NewReader(body))
		req.Header.Set("X-Hub-Signature-256", c.signature)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		wantEqual(t, name+": status", w.Code, c.status)
		wantEqual(t, name+": body of the answer", w.Body.String(), "")
		wantEqual(t, name+": facts", len(r.takeFacts(t)), c.facts)
	}
}

// A subscription with a wrong verify token isn't confirmed.
func TestWrongVerifyToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.meta.Subscribe(t.Context(), testPage, r.url, "another word"); err == nil {
		t.Error("the subscription succeeded, want an error")
	}
}
