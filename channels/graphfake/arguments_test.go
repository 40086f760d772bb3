package graphfake

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A value of a form is read as JSON if it looks like JSON, with single or double quotes. Otherwise it is a text.
func TestFormValueAsJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		value string
		want  string
	}{
		{name: "a word", value: "RESPONSE", want: `"RESPONSE"`},
		{name: "a number is a text", value: "123456", want: `"123456"`},
		{name: "an object", value: `{"id":1}`, want: `{"id":1}`},
		{name: "a list", value: ` ["a"]`, want: `["a"]`},
		{name: "a text in quotes", value: `"x"`, want: `"x"`},
		{name: "single quotes", value: `{'id':'1'}`, want: `{"id":"1"}`},
		{name: "a double quote between single ones", value: `{'text':'say "hi"'}`, want: `{"text":"say \"hi\""}`},
		{name: "a single quote between double ones, beside single ones", value: `{'text':"it's"}`, want: `{"text":"it's"}`},
		{name: "an escaped single quote", value: `{'text':'it\'s'}`, want: `{"text":"it's"}`},
		{name: "an object that does not end", value: `{"id":1`, want: `"{\"id\":1"`},
		{name: "nothing", value: "", want: `""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := string(asJSON(tt.value))
			if got != tt.want || !json.Valid([]byte(got)) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// If an argument is in the query and in the body, Text and Decode both take the body's.
func TestArgumentInQueryAndBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		contentType string
		body        string
	}{
		{name: "JSON", contentType: "application/json", body: `{"name":"body","access_token":"T"}`},
		{name: "a form", contentType: "application/x-www-form-urlencoded", body: "name=body&access_token=T"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v26.0/1055/messages?name=query&access_token=Q", nil)
			r.Header.Set("Content-Type", tt.contentType)
			a := Read(r, []byte(tt.body))
			var decoded map[string]string
			if err := a.Decode(&decoded); err != nil {
				t.Fatal(err)
			}
			if a.Text("name") != "body" || decoded["name"] != "body" || len(decoded) != 1 {
				t.Errorf("Text got %q, Decode %v; want the body's name from both, and no token from Decode", a.Text("name"), decoded)
			}
		})
	}
}
