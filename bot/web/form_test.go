package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/web"
)

// No page shows a secret. So in a form that was refused, each secret that was typed has to be typed again, and the form says so:
// the admin would otherwise save it without, and the old secret would stay.
func TestTypedSecretIsAskedForAgain(t *testing.T) {
	t.Parallel()
	var fields []web.Field
	typed := url.Values{"typed": {"an0ther"}, "empty": {""}, "wrong": {"x"}}
	for _, name := range []string{"typed", "empty", "wrong"} {
		fields = append(fields, web.Field{Name: name, Kind: web.KindSecret, Stored: true})
	}
	form := web.Form{Groups: []web.Group{{Folded: true, Fields: fields}}}
	form.Keep(&web.Visit{Request: &http.Request{PostForm: typed}}, map[string]string{"wrong": "Is no token."})
	for i, want := range []string{"Type it again", "", "Is no token."} {
		f := form.Groups[0].Fields[i]
		if got := f.Problem; !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("the problem of the secret that is %s is %q, want %q", f.Name, got, want)
		}
		if f.Value != "" {
			t.Errorf("the secret that is %s is shown: %q", f.Name, f.Value)
		}
	}
}
