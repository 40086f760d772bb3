package graphfake

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// createTemplate submits a template, and returns the status, the error code and its id.
func (m *meta) createTemplate(body string) (status, code int, id string) {
	m.t.Helper()
	status, answer := m.request(http.MethodPost, "/v26.0/2066/message_templates", "T", "application/json", strings.NewReader(body))
	var up struct{ ID string }
	noError(m.t, json.Unmarshal([]byte(answer), &up))
	return status, codeOf(m.t, answer), up.ID
}

// Templates of the forms in Meta's reference are accepted. One that lacks a part is refused.
func TestTemplateIsCreated(t *testing.T) {
	t.Parallel()
	const body = `{"type":"BODY","text":"Hello there"}`
	for _, tt := range []struct {
		name       string
		category   string // "" means UTILITY
		language   string // "" means en_US
		format     string // parameter_format; "" means none
		components string
		want       int // error code; 0 if it is taken
	}{
		{
			name:       "small letters",
			components: `{"type":"body","text":"Hello there"}`,
		},
		{
			name:       "a header with a picture",
			components: `{"type":"HEADER","format":"IMAGE","example":{"header_handle":["4::aW1hZ2UvanBn"]}},` + body,
		},
		{
			name:       "a header with a picture, without an example",
			components: `{"type":"HEADER","format":"IMAGE"},` + body,
			want:       100,
		},
		{
			name:       "a header with a document",
			components: `{"type":"HEADER","format":"DOCUMENT","example":{"header_handle":["4::YXBw"]}},` + body,
		},
		{
			name:       "a header with a place",
			components: `{"type":"HEADER","format":"LOCATION"},` + body,
		},
		{
			name:       "a header of no kind",
			components: `{"type":"HEADER","format":"HOLOGRAM"},` + body,
			want:       100,
		},
		{
			name: "a phone number and a link",
			components: body + `,{"type":"BUTTONS","buttons":[{"type":"PHONE_NUMBER","text":"Call","phone_number":"16467043595"},` +
				`{"type":"URL","text":"Shop","url":"https://a.test"}]}`,
		},
		{
			name:       "a link with a variable",
			components: body + `,{"type":"BUTTONS","buttons":[{"type":"URL","text":"Shop","url":"https://a.test/?p={{1}}","example":["summer"]}]}`,
		},
		{
			name:       "a link with a variable, without an example",
			components: body + `,{"type":"BUTTONS","buttons":[{"type":"URL","text":"Shop","url":"https://a.test/?p={{1}}"}]}`,
			want:       100,
		},
		{
			name:       "a phone number that is missing",
			components: body + `,{"type":"BUTTONS","buttons":[{"type":"PHONE_NUMBER","text":"Call"}]}`,
			want:       100,
		},
		{
			name:     "a code to sign in",
			category: "AUTHENTICATION",
			components: `{"type":"BODY","add_security_recommendation":true},{"type":"FOOTER","code_expiration_minutes":10},` +
				`{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE","text":"Copy Code"}]}`,
		},
		{
			name:   "variables with names",
			format: "NAMED",
			components: `{"type":"BODY","text":"Hello {{first_name}} there","example":{"body_text_named_params":` +
				`[{"param_name":"first_name","example":"Ann"}]}}`,
		},
		{
			name:       "names where numbers are said",
			components: `{"type":"BODY","text":"Hello {{first_name}} there","example":{"body_text":[["Ann"]]}}`,
			want:       100,
		},
		{
			name:       "a variable without an example",
			components: `{"type":"BODY","text":"Hello {{1}} there"}`,
			want:       100,
		},
		{name: "a language with a region that Meta has", language: "de_AT", components: body},
		{name: "a language with a region that Meta doesn't have", language: "de_DE", components: body, want: 100},
		{name: "a language that there isn't", language: "zz", components: body, want: 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeta(t)
			fields := map[string]string{"name": "hello", "language": "en_US", "category": "UTILITY", "parameter_format": tt.format}
			if tt.language != "" {
				fields["language"] = tt.language
			}
			if tt.category != "" {
				fields["category"] = tt.category
			}
			raw, err := json.Marshal(fields)
			noError(t, err)
			_, code, _ := m.createTemplate(strings.TrimSuffix(string(raw), "}") + `,"components":[` + tt.components + `]}`)
			wantEqual(t, "code", code, tt.want)
		})
	}
}
