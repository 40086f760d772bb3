package graphfake

import (
	"encoding/json"
	"strings"
	"testing"
)

// addTemplate makes an approved template named "t". It fails the test if the template is refused.
func (m *meta) addTemplate(category, format, components string) {
	m.t.Helper()
	body := `{"name":"t","language":"en","category":"` + category + `","parameter_format":"` + format + `","components":[` + components + `]}`
	_, code, id := m.createTemplate(body)
	if code != 0 {
		m.t.Fatalf("creating the template %s: code %d", components, code)
	}
	noError(m.t, m.Review(id, templateApproved, ""))
}

// The templates of these tests.
const (
	plainTemplate = `{"type":"BODY","text":"Hello {{1}}, you pay {{2}} on {{3}}.","example":{"body_text":[["Ann","1 USD","Monday"]]}}`
	imageTemplate = `{"type":"HEADER","format":"IMAGE","example":{"header_handle":["h"]}},{"type":"BODY","text":"Look"}`
	documentTempl = `{"type":"HEADER","format":"DOCUMENT","example":{"header_handle":["h"]}},{"type":"BODY","text":"Read"}`
	namedTemplate = `{"type":"BODY","text":"Hello {{first_name}}, bye {{last_name}}.","example":{"body_text_named_params":` +
		`[{"param_name":"first_name","example":"Ann"},{"param_name":"last_name","example":"Lee"}]}}`
	buttonTemplate = `{"type":"BODY","text":"Choose"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Yes"},` +
		`{"type":"URL","text":"Shop","url":"https://a.test/{{1}}","example":["x"]},` +
		`{"type":"PHONE_NUMBER","text":"Call","phone_number":"+15550100"}]}`
	codeTemplate = `{"type":"BODY","add_security_recommendation":true},` +
		`{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE","text":"Copy"}]}`
)

// A template can be filled in as in Meta's examples. Otherwise the message is refused.
func TestTemplateIsFilled(t *testing.T) {
	t.Parallel()
	const shop = `{"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"sale"}]}`
	for _, tt := range []struct {
		name       string
		category   string // "" means UTILITY
		format     string // "" means POSITIONAL
		template   string
		components string
		want       int    // error code
		wantText   string // what the customer reads
		wantLinks  string // where its buttons lead, joined by blanks; answers have none
	}{
		{
			name:     "money and a time",
			template: plainTemplate,
			components: `{"type":"body","parameters":[{"type":"text","text":"Ann"},` +
				`{"type":"currency","currency":{"fallback_value":"$100.99","code":"USD","amount_1000":100990}},` +
				`{"type":"date_time","date_time":{"fallback_value":"February 25, 1977","day_of_week":5,"calendar":"GREGORIAN"}}]}`,
			wantText: "Hello Ann, you pay $100.99 on February 25, 1977.",
		},
		{
			name:       "a parameter too few",
			template:   plainTemplate,
			components: `{"type":"body","parameters":[{"type":"text","text":"Ann"},{"type":"text","text":"1"}]}`,
			want:       132000,
		},
		{
			name:       "a picture above",
			template:   imageTemplate,
			components: `{"type":"header","parameters":[{"type":"image","image":{"link":"https://a.test/a.png"}}]}`,
			wantText:   "Look",
		},
		{
			name:       "a picture above that nobody uploaded",
			template:   imageTemplate,
			components: `{"type":"header","parameters":[{"type":"image","image":{"id":"404"}}]}`,
			want:       131009,
		},
		{name: "no picture above", template: imageTemplate, want: 132000},
		{
			name:       "a text in the place of a picture",
			template:   imageTemplate,
			components: `{"type":"header","parameters":[{"type":"text","text":"a"}]}`,
			want:       132012,
		},
		{
			name:       "a document above",
			template:   documentTempl,
			components: `{"type":"header","parameters":[{"type":"document","document":{"link":"https://a.test/a.pdf","filename":"a.pdf"}}]}`,
			wantText:   "Read",
		},
		{
			name:     "names in any order",
			format:   "NAMED",
			template: namedTemplate,
			components: `{"type":"body","parameters":[{"type":"text","parameter_name":"last_name","text":"Lee"},` +
				`{"type":"text","parameter_name":"first_name","text":"Ann"}]}`,
			wantText: "Hello Ann, bye Lee.",
		},
		{
			name:     "a name that the template doesn't have",
			format:   "NAMED",
			template: namedTemplate,
			components: `{"type":"body","parameters":[{"type":"text","parameter_name":"last_name","text":"Lee"},` +
				`{"type":"text","parameter_name":"riddle","text":"Ann"}]}`,
			want: 100,
		},
		{
			name: "a button's place in quotes, and a link's end", template: buttonTemplate, components: shop,
			wantText: "Choose", wantLinks: "https://a.test/sale tel:+15550100",
		},
		{
			name:     "a button's place as a number",
			template: buttonTemplate,
			components: `{"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"payload","payload":"y"}]},` +
				strings.Replace(shop, `"1"`, "1", 1),
			wantText:  "Choose",
			wantLinks: "https://a.test/sale tel:+15550100",
		},
		{
			name:       "capitals",
			template:   buttonTemplate,
			components: strings.Replace(strings.Replace(shop, `"url"`, `"URL"`, 1), `"button"`, `"BUTTON"`, 1),
			wantText:   "Choose",
			wantLinks:  "https://a.test/sale tel:+15550100",
		},
		{name: "a link without its end", template: buttonTemplate, want: 131008},
		{
			name:       "a button of another kind",
			template:   buttonTemplate,
			components: `{"type":"button","sub_type":"quick_reply","index":"1","parameters":[{"type":"payload","payload":"y"}]}`,
			want:       131009,
		},
		{
			name:       "a button that there isn't",
			template:   buttonTemplate,
			components: `{"type":"button","sub_type":"quick_reply","index":7,"parameters":[{"type":"payload","payload":"y"}]}`,
			want:       131009,
		},
		{
			name:       "a button without a place",
			template:   buttonTemplate,
			components: `{"type":"button","sub_type":"quick_reply","parameters":[{"type":"payload","payload":"y"}]}`,
			want:       131009,
		},
		{
			name:     "a code to sign in",
			category: "AUTHENTICATION",
			template: codeTemplate,
			components: `{"type":"body","parameters":[{"type":"text","text":"J$FpnYnP"}]},` +
				`{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"J$FpnYnP"}]}`,
			wantText:  "Your code is *J$FpnYnP*. For your security, do not share this code.",
			wantLinks: "copy:J$FpnYnP",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeta(t)
			category, format := "UTILITY", "POSITIONAL"
			if tt.category != "" {
				category = tt.category
			}
			if tt.format != "" {
				format = tt.format
			}
			m.addTemplate(category, format, tt.template)
			code := m.sendToAnn(`"type":"template","template":{"name":"t","language":{"code":"en"},"components":[` + tt.components + `]}`)
			wantEqual(t, "code", code, tt.want)

			text, links := "", []string{}
			for _, got := range m.ann.Inbox() {
				text += got.Template
				for _, c := range got.Choices() {
					if c.URL != "" {
						links = append(links, c.URL)
					}
				}
			}
			wantEqual(t, "text", text, tt.wantText)
			wantEqual(t, "links", strings.Join(links, " "), tt.wantLinks)
		})
	}
}

// A message with buttons may have a file as its header, a list only a text.
func TestInteractiveHeader(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.ann.Text("Hello")
	_, answer := m.upload("image/png", []byte("x"))
	var up struct{ ID string }
	noError(t, json.Unmarshal([]byte(answer), &up))
	const buttons = `"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Yes"}}]}`
	const list = `"type":"list","body":{"text":"x"},"action":{"button":"Pick","sections":[{"rows":[{"id":"1","title":"R"}]}]}`
	for _, tt := range []struct {
		name    string
		header  string
		message string // "" means buttons
		want    int
	}{
		{name: "a picture by its address", header: `{"type":"image","image":{"link":"https://a.test/a.png"}}`},
		{name: "a picture by its id", header: `{"type":"image","image":{"id":"` + up.ID + `"}}`},
		{name: "a picture that nobody uploaded", header: `{"type":"image","image":{"id":"404"}}`, want: 131009},
		{name: "a picture in the place of a video", header: `{"type":"video","video":{"id":"` + up.ID + `"}}`, want: 131053},
		{name: "a video", header: `{"type":"video","video":{"link":"https://a.test/a.mp4"}}`},
		{name: "a document", header: `{"type":"document","document":{"link":"https://a.test/a.pdf","filename":"a.pdf"}}`},
		{name: "no picture at all", header: `{"type":"image"}`, want: 131008},
		{name: "a kind that there isn't", header: `{"type":"hologram"}`, want: 131009},
		{name: "a picture above a list", header: `{"type":"image","image":{"link":"https://a.test/a.png"}}`, message: list, want: 131009},
		{name: "a text above a list", header: `{"type":"text","text":"T"}`, message: list},
	} {
		t.Run(tt.name, func(t *testing.T) {
			message := buttons
			if tt.message != "" {
				message = tt.message
			}
			code := m.sendToAnn(`"type":"interactive","interactive":{"header":` + tt.header + `,` + message + `}`)
			wantEqual(t, "code", code, tt.want)
		})
	}
}

// A template may answer a message, but the customer's phone doesn't show that. A reaction can't answer one.
// Source: Cloud API, "Contextual replies", limitations.
func TestTemplateAnswersInvisibly(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.AddTemplate("2066", "hello", "en", "UTILITY", "Hello")
	asked := m.ann.Text("Hello?")
	context := `,"context":{"message_id":"` + asked + `"}`

	got := m.sendToAnn(`"type":"template","template":{"name":"hello","language":{"code":"en"}}` + context)
	wantEqual(t, "code of a template that answers", got, 0)
	inbox := m.ann.Inbox()
	if len(inbox) != 1 {
		t.Fatalf("Ann's phone has %d messages, want the template", len(inbox))
	}
	wantEqual(t, "the message that it answers there", inbox[0].Answers, "")

	got = m.sendToAnn(`"type":"reaction","reaction":{"message_id":"` + asked + `","emoji":"x"}` + context)
	wantEqual(t, "code of a reaction that answers", got, 131009)
}
