package graphfake

import (
	"encoding/json"
	"net/http"
	"strconv"
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

// templatePage is a page of a list of templates.
type templatePage struct {
	names      string // joined by blanks
	next, prev string // addresses; "" means none
}

// listTemplates reads a page of templates by its address.
func (m *meta) listTemplates(address string) templatePage {
	m.t.Helper()
	status, answer := m.request(http.MethodGet, strings.TrimPrefix(address, m.URL()), "T", "", nil)
	var list struct {
		Data   []struct{ Name string }
		Paging struct{ Next, Previous string }
	}
	if err := json.Unmarshal([]byte(answer), &list); err != nil || status != http.StatusOK {
		m.t.Fatalf("%s: %d %s, %v", address, status, answer, err)
	}
	var names []string
	for _, one := range list.Data {
		names = append(names, one.Name)
	}
	return templatePage{names: strings.Join(names, " "), next: list.Paging.Next, prev: list.Paging.Previous}
}

// The list of templates has pages, with the addresses of the next one and the one before.
func TestTemplatesComeInPages(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	for i := range 5 {
		m.AddTemplate("2066", "t"+strconv.Itoa(i), "en", "UTILITY", "Hello")
	}
	first := m.listTemplates("/v26.0/2066/message_templates?limit=2&fields=name")
	wantEqual(t, "first page", first.names, "t0 t1")
	wantEqual(t, "page before the first", first.prev, "")
	second := m.listTemplates(first.next)
	wantEqual(t, "second page", second.names, "t2 t3")
	third := m.listTemplates(second.next)
	wantEqual(t, "third page", third.names, "t4")
	wantEqual(t, "page behind the last", third.next, "")
	wantEqual(t, "the page before the third", m.listTemplates(third.prev).names, "t2 t3")
}

// The answer to an edit names the template, as pywa expects.
func TestEditNamesTemplate(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	id := m.AddTemplate("2066", "hello", "en", "UTILITY", "Hello")
	_, answer := m.request(http.MethodPost, "/v26.0/"+id, "T", "application/json",
		strings.NewReader(`{"components":[{"type":"BODY","text":"Hello again"}]}`))
	wantEqual(t, "answer", answer, `{"category":"UTILITY","id":"`+id+`","name":"hello","success":true}`)
}

// A list of templates has a summary if the call asks for it.
func TestTemplatesAreCounted(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.AddTemplate("2066", "hello", "en", "UTILITY", "Hello")
	m.AddTemplate("2066", "hello", "de", "UTILITY", "Hallo")
	const asked = "summary=total_count,message_template_count,message_template_limit,are_translations_complete"
	_, answer := m.request(http.MethodGet, "/v26.0/2066/message_templates?fields=id&limit=1&language=en&"+asked, "T", "", nil)
	_, summary, _ := strings.Cut(answer, `"summary":`)
	wantEqual(t, "summary", summary,
		`{"are_translations_complete":true,"message_template_count":2,"message_template_limit":250,"total_count":1}}`)
}

// Templates can be listed by name, language, category and status.
func TestTemplatesAreFiltered(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.AddTemplate("2066", "hello", "en", "UTILITY", "Hello")
	m.AddTemplate("2066", "hello", "de", "UTILITY", "Hallo")
	m.AddTemplate("2066", "sale", "en", "MARKETING", "Sale")
	noError(t, m.Review(m.AddTemplate("2066", "pause", "en", "UTILITY", "Wait"), "PAUSED", ""))
	for _, tt := range []struct{ name, query, want string }{
		{name: "all", query: "", want: "hello hello sale pause"},
		{name: "by name", query: "name=hello", want: "hello hello"},
		{name: "by language", query: "language=de", want: "hello"},
		{name: "by category", query: "category=MARKETING", want: "sale"},
		{name: "by status", query: "status=PAUSED", want: "pause"},
		{name: "by name and language", query: "name=hello&language=en", want: "hello"},
		{name: "by a name that there isn't", query: "name=none", want: ""},
		{name: "by several statuses", query: `status=["PAUSED","REJECTED"]`, want: "pause"},
		{name: "by several languages", query: "language=de,en&name=hello", want: "hello hello"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantEqual(t, "templates", m.listTemplates("/v26.0/2066/message_templates?"+tt.query).names, tt.want)
		})
	}
}

// A template is read by its id, with the fields that the call names.
func TestTemplateIsRead(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	id := m.AddTemplate("2066", "hello", "en", "UTILITY", "Hello")
	for _, tt := range []struct{ name, path, want string }{
		{
			name: "the usual fields",
			path: id,
			want: `{"category":"UTILITY","components":[{"type":"BODY","text":"Hello"}],"id":"` + id +
				`","language":"en","name":"hello","status":"APPROVED"}`,
		},
		{
			name: "some fields",
			path: id + "?fields=name,status",
			want: `{"id":"` + id + `","name":"hello","status":"APPROVED"}`,
		},
		{
			name: "a field that templates don't have",
			path: id + "?fields=riddle",
			want: `{"error":{"code":100,"message":"(#100) Tried accessing nonexisting field (riddle) on node type (WhatsAppBusinessHSM)",` +
				`"type":"OAuthException"}}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, answer := m.request(http.MethodGet, "/v26.0/"+tt.path, "T", "", nil)
			wantEqual(t, "answer", withoutTrace(answer), tt.want)
		})
	}
}
