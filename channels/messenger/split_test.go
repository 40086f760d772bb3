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
		if len(facts) != 1 || facts[0].ExternalID != c.id || facts[0].OrderKey != testPSID || facts[0].Owner != testPage || facts[0].Quarantine != "" {
			t.Errorf("%s: %+v", name, facts)
		}
	}
	long := split(hookBody("messaging", `"message":{"mid":"m_`+strings.Repeat("x", 1000)+`","text":"x"}`))[0]
	if len(long.ExternalID) > maxIDBytes || !strings.HasPrefix(long.ExternalID, "m:#") {
		t.Errorf("a long id became %q", long.ExternalID)
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
	for _, body := range []string{"", "null", "[]", "{}", "riddle", `{"object":"instagram","entry":[]}`, `{"object":"page","entry":5}`} {
		facts := split([]byte(body))
		if len(facts) != 1 || facts[0].Quarantine == "" || string(facts[0].Payload) != body {
			t.Errorf("%q became %+v", body, facts)
		}
	}
}

// A batch of 1,000 is split in one go and names them all.
func TestSplitThousand(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	body.WriteString(`{"object":"page","entry":[{"id":"1","messaging":[`)
	for i := range 1000 {
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
	if len(names) != 1000 {
		t.Errorf("%d names", len(names))
	}
}

// Edge case 6 and the vector of Meta's reference: bytes are verified as they came, and
// without a right signature nothing is taken.
func TestSignature(t *testing.T) {
	t.Parallel()
	const vector = "sha256=aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"
	if got := graph.Sign([]byte("secret"), []byte(`{"a":1}`)); got != vector {
		t.Errorf("signature %s", got)
	}
	r := newRig(t)
	body := hookBody("messaging", `"message":{"mid":"m_1","text":"\u00fcber \ud83d\ude00"}`)
	var loose any
	if err := json.Unmarshal(body, &loose); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(loose)
	sign := func(secret string, body []byte) string { return graph.Sign([]byte(secret), body) }
	for name, c := range map[string]struct {
		signature string
		status    int
	}{
		"right":         {sign(testSecret, body), http.StatusOK},
		"upper case":    {strings.ToUpper(sign(testSecret, body)), http.StatusForbidden},
		"re-encoded":    {sign(testSecret, again), http.StatusForbidden},
		"other secret":  {sign("other", body), http.StatusForbidden},
		"no secret":     {sign("", body), http.StatusForbidden},
		"none":          {"", http.StatusForbidden},
		"other algo":    {strings.Replace(sign(testSecret, body), "sha256=", "sha1=", 1), http.StatusForbidden},
		"without algo":  {strings.TrimPrefix(sign(testSecret, body), "sha256="), http.StatusForbidden},
		"not even hex":  {"sha256=riddle", http.StatusForbidden},
		"a shorter one": {sign(testSecret, body)[:40], http.StatusForbidden},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/page", bytes.NewReader(body))
		req.Header.Set("X-Hub-Signature-256", c.signature)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if w.Code != c.status || w.Body.Len() > 0 {
			t.Errorf("%s: status %d, %q", name, w.Code, w.Body)
		}
		if n := len(r.take(t)); n != map[bool]int{true: 1}[c.status == http.StatusOK] {
			t.Errorf("%s: %d facts", name, n)
		}
	}
	if err := r.meta.Subscribe(t.Context(), testPage, r.url, "another word"); err == nil {
		t.Error("a subscription with a wrong verify token was confirmed")
	}
}
