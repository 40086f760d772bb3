package whatsapp

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/channels"
	"parley/channels/graphfake"
)

// published is Meta's own description of the API.
type published map[string]any

// at walks down by names.
func at(v any, path ...string) map[string]any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	m, _ := v.(map[string]any)
	return m
}

// readPublished reads the description that PARLEY_TESTDATA holds.
func readPublished(t *testing.T) published {
	t.Helper()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is not set: Meta's description of the API is not here")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "whatsapp", "business-messaging-api_v23.0.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var p published
	noError(t, yaml.Unmarshal(raw, &p))
	return p
}

// schemas compiles parts of the description. Its known gaps are filled: a message is
// described as two parts of which each forbids the other, and recipient (instead of to)
// and biz_opaque_callback_data are missing.
func (p published) schemas(t *testing.T) func(name string) *jsonschema.Schema {
	t.Helper()
	all := at(map[string]any(p), "components", "schemas")
	base := at(all, "BaseMessageProperties")
	base["required"] = []any{"messaging_product", "recipient_type", "type"}
	props := at(base, "properties")
	props["recipient"] = map[string]any{"type": "string", "pattern": `^[A-Z]{2}\.`}
	props["biz_opaque_callback_data"] = map[string]any{"type": "string", "maxLength": 512}
	patched := 0
	for name, schema := range all {
		parts, _ := at(schema)["allOf"].([]any)
		if !strings.HasSuffix(name, "Message") || len(parts) != 2 {
			continue
		}
		own := at(at(parts[1]), "properties")
		for key, v := range props {
			if _, has := own[key]; !has && own != nil {
				own[key] = v
			}
		}
		patched++
	}
	if patched < 10 {
		t.Fatalf("%d messages are described", patched)
	}
	raw, err := json.Marshal(map[string]any{"components": map[string]any{"schemas": all}})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	noError(t, compiler.AddResource("meta.json", doc))
	return func(name string) *jsonschema.Schema {
		t.Helper()
		s, err := compiler.Compile("meta.json#/components/schemas/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func fits(t *testing.T, s *jsonschema.Schema, raw []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// TestPublishedRequests: what we send, what the emulator answers and what it tells by
// webhook fits Meta's description.
func TestPublishedRequests(t *testing.T) {
	t.Parallel()
	schema := readPublished(t).schemas(t)
	w := newWorld(t)
	last := w.ann.Text("Hello")
	w.ann.React(last, "👍")
	w.ann.Location(1, 2, "Shop", "Main St")
	w.ann.Contact("Bob", "+491701112223")
	w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: []byte("x")}, map[string]any{"caption": "look"})
	w.takeFacts()
	w.AddTemplate(wabaID, "back", "en", "UTILITY", "We are back, {{1}}.")
	for i, change := range []func(*channels.Outbound){
		func(*channels.Outbound) {},
		func(o *channels.Outbound) { o.ReplyTo = last },
		func(o *channels.Outbound) { o.Files = []channels.File{file("a.jpg", "image/jpeg", []byte("x"))} },
		func(o *channels.Outbound) { o.Files = []channels.File{file("a.mp4", "video/mp4", []byte("x"))} },
		func(o *channels.Outbound) {
			o.Text, o.Files = "", []channels.File{file("a.ogg", "audio/ogg", []byte("x"))}
		},
		func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}}}
		},
		func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "Shop", URL: "https://acme.test"}}}
		},
		func(o *channels.Outbound) {
			o.Rich = &channels.Rich{List: &channels.List{Button: "Pick", Sections: []channels.ListSection{{Title: "S", Rows: []channels.ListRow{{ID: "a", Title: "A"}}}}}}
		},
		func(o *channels.Outbound) {
			o.Text, o.Rich = "", &channels.Rich{Location: &channels.Location{Latitude: 1.25, Name: "Shop"}}
		},
		func(o *channels.Outbound) {
			o.Text, o.Rich = "", &channels.Rich{Contact: &channels.ContactCard{Name: "Kim Poe", Org: "Acme", Phones: []string{"+15550100"}, Emails: []string{"k@acme.test"}}}
		},
		func(o *channels.Outbound) {
			o.Template = &channels.TemplateUse{Template: channels.Template{Name: "back", Language: "en", Body: "We are back, {{name}}."}, Values: map[string]string{"name": "Ann"}}
		},
	} {
		o := outbound(int64(i+1), "Hi *there*")
		change(&o)
		w.sendAll(o)
	}
	w.ann.Read()
	w.takeFacts()
	for _, r := range w.RequestsTo("whatsapp.messages") {
		var m struct{ Type string }
		noError(t, json.Unmarshal(r.Body, &m))
		name := map[string]string{"text": "TextMessage", "image": "ImageMessage", "video": "VideoMessage", "audio": "AudioMessage", "location": "LocationMessage",
			"contacts": "ContactsMessage", "interactive": "InteractiveMessage", "template": "TemplateMessage"}[m.Type]
		if bytes.Contains(r.Body, []byte(`"cta_url"`)) {
			continue // a link as a button is documented in words only
		}
		if err := fits(t, schema(name), r.Body); err != nil {
			t.Errorf("%s\n%s\n%v", name, r.Body, err)
		}
		if err := fits(t, schema("MessageResponsePayload"), r.Answer); err != nil {
			t.Errorf("answer %s\n%v", r.Answer, err)
		}
	}
	statuses := 0
	for _, d := range w.Deliveries() {
		// Customers' messages are described with the schema of outgoing ones, which forbids
		// their id, from and timestamp: not even Meta's examples of them fit.
		if bytes.Contains(d.Body, []byte(`"messages":[`)) {
			continue
		}
		statuses++
		if err := fits(t, schema("WebhookPayload"), d.Body); err != nil {
			t.Errorf("webhook %s\n%v", d.Body, err)
		}
	}
	if statuses == 0 {
		t.Error("no status came")
	}
	var history any
	noError(t, w.channel.graph.Call(testContext(t), http.MethodGet, phoneID+"/message_history", nil, nil, &history))
	if err := fits(t, schema("MessageHistoryResponse"), []byte(jsonOf(history))); err != nil {
		t.Errorf("history: %v", err)
	}
	if err := fits(t, schema("TextMessage"), []byte(`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+49","type":"text","text":{"words":"x"}}`)); err == nil {
		t.Error("a wrong message fits: the description checks nothing")
	}
}

// TestPublishedWebhooks: each of Meta's examples becomes what it says.
func TestPublishedWebhooks(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"Text Message": "message|Does it come in another color?|",
		"Text Message with Context (Product Inquiry)": "message|Is this still available?|Asked about product di9ozbzfi4 of catalogue 194836987003835.",
		"Text Message from Click to WhatsApp Ad":      "message|Hello! Can I get more info on this?|Came from this ad: Chat with us · Summer Succulents are here! · https://fb.me/3cr4Wqqkv",
		"Reaction Message":                            "reaction|👍|",
		"Image Message":                               "message|Taj Mahal|image.jpg",
		"Location Message":                            "message|**Philz Coffee**\n101 Forest Ave, Palo Alto, CA 94301\n📍 [37.44221496582,-122.16165924072](https://www.google.com/maps?q=37.44221496582,-122.16165924072)\nhttps://philzcoffee.com/|",
		"Contact Sharing Message":                     "message|👤 **Lucía Gómez**\nGoogle\n+1 (983) 555-2319|Lucía Gómez.vcf",
		"Unsupported Message":                         "message||" + unshownNotice("") + " WhatsApp says: Message type is currently not supported.",
		"Button Message":                              "message|Unsubscribe|",
		"Interactive List Reply Message":              "message|Priority Mail Express\nNext Day to 2 Days|",
		"Interactive Button Reply Message":            "message|Cancel|",
		"Order Message":                               "message|**Order**\n- 2 × di9ozbzfi4: 30 USD each\n- 1 × nqryix03ez: 25 USD each\n\nTotal: 85 USD|",
		"System Message":                              "identity|+16505551234 is now +12195555358|",
		"Group Create Message":                        "",
		"Group Settings Update":                       "",
		"Group Remove Participants":                   "",
	}
	examples := at(map[string]any(readPublished(t)), "paths", "/whatsapp/webhooks", "post", "requestBody", "content", "application/json", "examples")
	if len(examples) != len(want) {
		t.Errorf("%d examples, and %d are known", len(examples), len(want))
	}
	for name, e := range examples {
		var got []string
		for _, in := range decodeHook(t, []byte(jsonOf(at(e)["value"]))) {
			text := in.Text
			switch in.Kind {
			case channels.InboundReaction:
				text = in.Change.Emoji
			case channels.InboundIdentity:
				text = in.Change.Previous.Key + " is now " + in.From.Key
			default:
				if in.From.Key != "+16505551234" || in.From.Name != "Sheena Nelson" {
					t.Errorf("%s: from %+v", name, in.From)
				}
			}
			rest := slices.Clone(in.Notices)
			for _, a := range in.Attachments {
				rest = append(rest, a.Name)
			}
			got = append(got, string(in.Kind)+"|"+text+"|"+strings.Join(rest, " "))
		}
		if strings.Join(got, "\n") != want[name] {
			t.Errorf("%s:\n got %q\nwant %q", name, got, want[name])
		}
	}
}
